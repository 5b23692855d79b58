# One static library perch_<folder> for each folder of src/LAYERS that has sources, linked against
# the libraries of the folders its row names. A folder of headers only becomes an interface library.

set(perch_uses_base perch_json)
set(perch_uses_sys perch_engine perch_zlib perch_xxhash)
set(perch_uses_lane perch_engine)
set(perch_uses_ops perch_json perch_re2 perch_utf8proc)
set(perch_uses_cli perch_cli11)

add_library(perch_json INTERFACE)
target_include_directories(perch_json SYSTEM INTERFACE ${PERCH_JSON_INCLUDE})
add_library(perch_cli11 INTERFACE)
target_include_directories(perch_cli11 SYSTEM INTERFACE ${PERCH_CLI11_INCLUDE})

# Writes op_tables.cc, the list of the tables of all op families: one per file of src/ops. A file
# path_text.cc defines kPathTextOps. A list made here, not by registrar objects: the linker drops
# the files of a static library that nobody refers to.
function(perch_write_op_tables sources out)
  set(declarations "")
  set(entries "")
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    string(REPLACE "_" ";" words ${stem})
    set(symbol k)
    foreach(word IN LISTS words)
      string(SUBSTRING ${word} 0 1 first)
      string(SUBSTRING ${word} 1 -1 rest)
      string(TOUPPER ${first} first)
      string(APPEND symbol ${first}${rest})
    endforeach()
    string(APPEND symbol Ops)
    string(APPEND declarations "extern const std::span<const op::OpDecl> ${symbol};\n")
    string(APPEND entries "      ${symbol},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[
// Written by cmake/layers.cmake from the files of src/ops.
#include "ops/tables.h"

namespace perch::ops {

@declarations@
std::span<const std::span<const op::OpDecl>> tables() {
  static const std::span<const op::OpDecl> all[] = {
@entries@  };
  return all;
}

}  // namespace perch::ops
]])
endfunction()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/LAYERS)
file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS rows REGEX "^[a-z]+:")
set(PERCH_FOLDERS "")
foreach(row IN LISTS rows)
  string(REGEX MATCH "^([a-z]+): *(.*)$" _ "${row}")
  set(folder ${CMAKE_MATCH_1})
  string(REPLACE " " ";" allowed "${CMAKE_MATCH_2}")
  list(TRANSFORM allowed REPLACE "/.*$" "")
  if(folder STREQUAL "main")
    continue()
  endif()

  if(folder STREQUAL "lane")
    set(glob GLOB_RECURSE)
  else()
    set(glob GLOB)
  endif()
  file(${glob} sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  file(${glob} headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.h)
  if(folder STREQUAL "ops" AND sources)
    perch_write_op_tables("${sources}" ${CMAKE_BINARY_DIR}/op_tables.cc)
    list(APPEND sources ${CMAKE_BINARY_DIR}/op_tables.cc)
  endif()

  if(sources)
    add_library(perch_${folder} STATIC ${sources})
    set(scope PUBLIC)
    # Its own affair: a new engine makes nobody else compile again.
    target_link_libraries(perch_${folder} PRIVATE ${perch_uses_${folder}})
  elseif(headers)
    add_library(perch_${folder} INTERFACE)
    set(scope INTERFACE)
  else()
    continue()
  endif()
  target_link_libraries(perch_${folder} ${scope} perch_compiler)
  foreach(below IN LISTS allowed)
    if(TARGET perch_${below})
      target_link_libraries(perch_${folder} ${scope} perch_${below})
    endif()
  endforeach()
  list(APPEND PERCH_FOLDERS ${folder})
endforeach()

# Called on processors that have it only.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/sys/xxh3_avx2.cc PROPERTIES COMPILE_OPTIONS -mavx2)
endif()

# The one place the program's version is written is project() in CMakeLists.txt.
if(TARGET perch_cli)
  get_target_property(kind perch_cli TYPE)
  if(kind STREQUAL "STATIC_LIBRARY")
    target_compile_definitions(perch_cli PRIVATE PERCH_VERSION="${PROJECT_VERSION}")
  endif()
endif()
