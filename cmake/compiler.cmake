# How everything of perch is compiled: perch_compiler carries it to each target.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

# Position independent always: perch hosts untrusted code.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(perch_compiler INTERFACE)
target_include_directories(perch_compiler INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(perch_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wswitch-enum -Werror
  # A designated initialiser that leaves out members is our way to have optional ones.
  -Wno-missing-field-initializers
  # GCC 12 sees uninitialised members in the empty state of std::optional and std::expected.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # Clang sees that libstdc++'s stable_sort calls what libstdc++ calls deprecated.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  -ffunction-sections -fdata-sections)

if(PERCH_SANITIZE)
  set(sanitize -fsanitize=${PERCH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  # AddressSanitizer's code is compiled in half the time without optimisation; ThreadSanitizer's
  # would be too slow to run.
  if(PERCH_SANITIZE STREQUAL "thread")
    list(APPEND sanitize -O1)
  else()
    # It asks the kernel, by making a pipe, whether an object can be read, and takes the refusal on
    # a guest's thread, which must not make any, for a bad object.
    list(APPEND sanitize -fno-sanitize=vptr)
  endif()
  target_compile_options(perch_compiler INTERFACE ${sanitize})
  target_compile_definitions(perch_compiler INTERFACE PERCH_SANITIZED) # memory figures mean nothing
  target_link_options(perch_compiler INTERFACE ${sanitize})
endif()

if(PERCH_FUZZ)
  target_compile_options(perch_compiler INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
endif()

# Links an executable so that it runs where nothing is installed but libc: the C++ runtime inside,
# unreferenced sections dropped, relocations packed (there are 40,000), no symbols. Those of the
# engine are left to its first use, where the linker writes the map that this needs.
include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,-z,pack-relative-relocs PERCH_LINKER_PACKS_RELOCATIONS)
separate_arguments(linker_flags UNIX_COMMAND "${CMAKE_EXE_LINKER_FLAGS}")
execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${linker_flags} -Wl,--version
                OUTPUT_VARIABLE PERCH_LINKER ERROR_QUIET)

function(perch_link_release target)
  if(PERCH_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  target_link_options(${target} PRIVATE
    -static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -s)
  if(PERCH_LINKER_PACKS_RELOCATIONS)
    target_link_options(${target} PRIVATE -Wl,-z,pack-relative-relocs)
  endif()
  if(PERCH_LINKER_PACKS_RELOCATIONS AND PERCH_LINKER MATCHES "GNU ld")
    set(map ${CMAKE_BINARY_DIR}/${target}.map)
    target_link_options(${target} PRIVATE -Wl,-Map=${map})
    add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS ${map} VERBATIM
      COMMAND ${CMAKE_SOURCE_DIR}/tools/late_relocations $<TARGET_FILE:${target}> ${map}
              libperch_engine.a)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS
      ${CMAKE_SOURCE_DIR}/tools/late_relocations)
  endif()
endfunction()
