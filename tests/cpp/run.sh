#!/usr/bin/env bash
# Configure, build and run the C++ tests: run.sh BUILD_DIR 'CMAKE COMMAND' [CMake options]
set -eu
build=$1 cmake=$2
shift 2
if ! echo '#include <doctest/doctest.h>' | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1; then
  echo 'C++ tests skipped: doctest is not installed (sudo apt-get install doctest-dev)'
  exit 0
fi
echo "C++ tests in $build"
$cmake -S . -B "$build" --no-warn-unused-cli -DGEOMVISION_TESTS=ON -DGEOMVISION_WERROR=ON "$@" >/dev/null
${cmake%% *} --build "$build"
# A kernel must not define what other sources may pick up: see csrc/cmake/InstructionSets.cmake.
if nm -C "$build"/csrc/CMakeFiles/core_*.dir/src/kernels/*.o | grep -E ' [uVW] '; then
  echo 'these functions of kernels are shared by all instruction sets'
  exit 1
fi
isas='baseline avx2 avx512'
for isa in $isas; do
  if GEOMVISION_ISA=$isa "$build/tests/cpp/geomvision_tests" --list-test-cases >/dev/null 2>&1 &&
    GEOMVISION_ISA=$isa "$build/tests/cpp/geomvision_tests" --test-case='the forced instruction set is available' >/dev/null; then
    echo "instruction set $isa"
    GEOMVISION_ISA=$isa "$build/tests/cpp/geomvision_tests"
  fi
done
echo 'CUDA twins, on the CPU'
"$build/tests/cpp/cuda/geomvision_cuda_on_host_tests"
