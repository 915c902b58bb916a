# Warnings, floating point and sanitizers, said once for every target of ours.
function(geomvision_compiler_options target)
  # No contraction to FMA: a result must not depend on the instruction set it was computed with.
  # Neither errno nor floating point traps are looked at; loops that may set them are not vectorised.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off -fno-math-errno -fno-trapping-math>
    $<$<AND:$<CXX_COMPILER_ID:GNU,Clang,AppleClang>,$<CONFIG:Release>>:-O3>
    $<$<CXX_COMPILER_ID:MSVC>:/W4 /fp:precise>)
  if(GEOMVISION_WERROR)
    set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ON)
  endif()
  if(GEOMVISION_SANITIZE)
    set(sanitizers address,undefined)
    if(GEOMVISION_SANITIZE STREQUAL thread)
      set(sanitizers thread)
    endif()
    # Without the checks' variables in the debugger the largest kernels compile much sooner.
    target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer
      $<$<CXX_COMPILER_ID:GNU>:-fno-var-tracking-assignments>)
    target_link_options(${target} PUBLIC -fsanitize=${sanitizers})
  endif()
endfunction()
