# What perch takes from others. One target each; src/LAYERS says which folder may include what, and
# layers.cmake links each to the folder that wraps it.

# A static library and its header, or an end that names the package.
function(perch_static_library name library header package)
  find_library(PERCH_${name}_LIBRARY NAMES ${library} NO_CACHE)
  find_path(PERCH_${name}_INCLUDE ${header} NO_CACHE)
  if(NOT PERCH_${name}_LIBRARY OR NOT PERCH_${name}_INCLUDE)
    message(FATAL_ERROR "${library} or ${header} is missing (Debian: ${package}): run ./dev build")
  endif()
  add_library(perch_${name} STATIC IMPORTED GLOBAL)
  set_target_properties(perch_${name} PROPERTIES
    IMPORTED_LOCATION ${PERCH_${name}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${PERCH_${name}_INCLUDE})
endfunction()

perch_static_library(re2 libre2.a re2/re2.h libre2-dev)
perch_static_library(utf8proc libutf8proc.a utf8proc.h libutf8proc-dev)
perch_static_library(zlib libz.a zlib.h zlib1g-dev)
perch_static_library(xxhash libxxhash.a xxhash.h libxxhash-dev)
find_path(PERCH_JSON_INCLUDE nlohmann/json.hpp REQUIRED NO_CACHE)
find_path(PERCH_CLI11_INCLUDE CLI/CLI.hpp REQUIRED NO_CACHE)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(perch_re2 INTERFACE Threads::Threads)

# Wasmtime, libcurl and OpenSSL: built once per content of engine/ into a cache outside the tree.
file(GLOB_RECURSE engine_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/src/*
     ${CMAKE_SOURCE_DIR}/engine/include/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${engine_files}
  ${CMAKE_SOURCE_DIR}/engine/Cargo.toml ${CMAKE_SOURCE_DIR}/engine/Cargo.lock)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/engine --print
                OUTPUT_VARIABLE PERCH_ENGINE_DIR OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${PERCH_ENGINE_DIR}/lib/libperch_engine.a)
  message(FATAL_ERROR "the engine is not built yet (looked in ${PERCH_ENGINE_DIR}): run ./dev build")
endif()
add_library(perch_engine STATIC IMPORTED GLOBAL)
set_target_properties(perch_engine PROPERTIES
  IMPORTED_LOCATION ${PERCH_ENGINE_DIR}/lib/libperch_engine.a
  INTERFACE_INCLUDE_DIRECTORIES ${PERCH_ENGINE_DIR}/include)
target_link_libraries(perch_engine INTERFACE perch_zlib Threads::Threads ${CMAKE_DL_LIBS} m)
