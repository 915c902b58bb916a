# Compiles kernel sources once per instruction set. Each sees GEOMVISION_ISA as the namespace to define itself in.
#
# A kernel source must not emit functions that other sources share (inline functions or templates of headers that
# are not in its own namespace): the linker keeps one copy, and that may be the one a smaller machine cannot run. Kernels
# throw nothing, so they are compiled without exceptions: with them, builds that do not inline share a reference to the
# handler.
function(geomvision_kernels target)
  set(sets baseline)
  set(flags_baseline "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    list(APPEND sets avx2 avx512)
    set(flags_avx2 -mavx2 -mfma -mbmi2 -mpopcnt)
    set(flags_avx512 ${flags_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vpopcntdq
        -mavx512bitalg -mavx512vbmi)
    target_compile_definitions(${target} PRIVATE GEOMVISION_X86=1)
  endif()
  foreach(set IN LISTS sets)
    add_library(${target}_${set} OBJECT ${ARGN})
    target_compile_features(${target}_${set} PRIVATE cxx_std_17)
    target_include_directories(${target}_${set} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_compile_definitions(${target}_${set} PRIVATE GEOMVISION_ISA=${set})
    target_compile_options(${target}_${set} PRIVATE ${flags_${set}}
      $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-fno-exceptions>)
    geomvision_compiler_options(${target}_${set})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${set}>)
  endforeach()
endfunction()
