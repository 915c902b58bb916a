#!/usr/bin/env bash
# Everything a GPU is needed for, on a machine with nvcc, torch, numpy, pybind11, cmake and pytest, and no network: build,
# test, look for wrong accesses and races, time. Writes benches/results/VERSION/GPU.{json,md}. At most 8 minutes.
#
#   benches/gpu.sh [PYTHON]        with DOCTEST_INCLUDE=folder of doctest/doctest.h where the system has none
set -uo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3} build=build/gpu log=${LOGS:-build/gpu/logs}
mkdir -p "$log"
failed=''
step() {  # step NAME SECONDS COMMAND...: goes on after a failure, and says so at the end
  local name=$1 limit=$2
  shift 2
  printf '\n== %s\n' "$name"
  timeout "$limit" "$@" 2>&1 | tee "$log/${name// /-}.txt" | tail -n 25
  [ "${PIPESTATUS[0]}" -eq 0 ] || failed="$failed, $name"
}

command -v nvidia-smi >/dev/null || { echo 'benches/gpu.sh needs a GPU and its driver: nvidia-smi is not here'; exit 1; }
command -v nvcc >/dev/null || { echo 'benches/gpu.sh needs the CUDA toolkit: nvcc is not on PATH'; exit 1; }
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader || exit 1
doctest=${DOCTEST_INCLUDE:-/usr/include} tests=OFF
[ -e "$doctest/doctest/doctest.h" ] && tests=ON
configure=(cmake -S . -B "$build" -DGEOMVISION_CUDA=ON -DGEOMVISION_PYTHON=ON -DGEOMVISION_TESTS=$tests
  -DCMAKE_CUDA_ARCHITECTURES=native -DDOCTEST_INCLUDE="$doctest" -DPython_EXECUTABLE="$(command -v "$python")"
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)")
command -v ninja >/dev/null && configure+=(-G Ninja)
step configure 20 "${configure[@]}"
targets=(_core _cuda)
[ $tests = ON ] && targets+=(geomvision_cuda_tests)
step build 150 cmake --build "$build" --parallel --target "${targets[@]}"
twins=$build/tests/cpp/cuda/geomvision_cuda_tests
export PYTHONPATH=$PWD
if [ $tests = ON ]; then
  step 'C++ tests' 20 "$twins"
  if command -v compute-sanitizer >/dev/null; then
    step memcheck 80 compute-sanitizer --tool memcheck --leak-check full --error-exitcode 1 "$twins"
    step racecheck 80 compute-sanitizer --tool racecheck --error-exitcode 1 "$twins"
  fi
else
  echo "C++ tests and compute-sanitizer skipped: there is no doctest/doctest.h below $doctest"
fi
# Only files with such tests: others may need packages that are not here.
mapfile -t files < <(grep -rl 'mark\.cuda' tests --include='test_*.py')
step 'Python tests' 70 "$python" -m pytest -q -m cuda "${files[@]}" -p no:cacheprovider -o filterwarnings=
step times 60 "$python" benches/gpu.py
[ -z "$failed" ] && echo 'all passed' || { echo "failed:${failed#,}"; exit 1; }
