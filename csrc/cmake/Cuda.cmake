# The CUDA twins: GEOMVISION_CUDA is ON, OFF, or AUTO: built where nvcc is found, on PATH or below CUDAToolkit_ROOT.

# Whether they are to be built; says what it found.
macro(geomvision_find_cuda)
  set(geomvision_has_cuda OFF)
  if(NOT GEOMVISION_CUDA STREQUAL "OFF")
    if(NOT DEFINED CMAKE_CUDA_COMPILER AND DEFINED CUDAToolkit_ROOT)
      set(CMAKE_CUDA_COMPILER ${CUDAToolkit_ROOT}/bin/nvcc)
    endif()
    include(CheckLanguage)
    check_language(CUDA)  # that there is nvcc, and that it takes this C++ compiler
    find_package(CUDAToolkit 12 QUIET)
    if(CMAKE_CUDA_COMPILER AND CUDAToolkit_FOUND)
      # Every GPU since Turing, and code that later ones translate for themselves.
      if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90)
      endif()
      enable_language(CUDA)
      set(geomvision_has_cuda ON)
    elseif(GEOMVISION_CUDA STREQUAL "ON")
      message(FATAL_ERROR "GEOMVISION_CUDA is ON, and there is no nvcc of CUDA 12 or newer that takes this C++ compiler "
        "on PATH nor below CUDAToolkit_ROOT: install the CUDA toolkit, or say where it is with "
        "-DCUDAToolkit_ROOT=/usr/local/cuda")
    else()
      message(STATUS "Without CUDA: no nvcc of CUDA 12 or newer that takes this C++ compiler")
    endif()
  endif()
endmacro()

function(geomvision_cuda_options target)
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON)
  # constexpr functions are shared with the CPU's sources
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra>)
  if(GEOMVISION_WERROR)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>)
  endif()
endfunction()
