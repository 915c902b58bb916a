#!/usr/bin/env bash
# Build and run what uses threads under ThreadSanitizer: threads.sh BUILD_DIR 'CMAKE COMMAND' [CMake options]
set -eu
build=$1 cmake=$2
shift 2
if ! echo '#include <doctest/doctest.h>' | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1; then
  echo 'thread tests skipped: doctest is not installed (sudo apt-get install doctest-dev)'
  exit 0
fi
echo "thread tests in $build"
$cmake -S . -B "$build" -DGEOMVISION_TESTS=ON -DGEOMVISION_WERROR=ON "$@" >/dev/null
${cmake%% *} --build "$build"
# Children forked by a test start threads of their own, which ThreadSanitizer forbids unless told otherwise.
export TSAN_OPTIONS="die_after_fork=0:halt_on_error=1 ${TSAN_OPTIONS:-}"
"$build/tests/cpp/geomvision_tests" --source-file='*test_threads.cpp,*test_parallel.cpp'
"$build/tests/cpp/geomvision_fuzz" 5
