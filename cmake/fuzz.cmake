# fuzz/NAME_fuzz.cc -> fuzz_NAME, with libFuzzer. Clang only; ./dev fuzz sets the rest.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "the fuzz targets need Clang; ./dev fuzz configures them")
endif()

add_custom_target(fuzz_targets)
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*_fuzz.cc)
foreach(source IN LISTS targets)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${stem})
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/test) # support/*.h
  foreach(folder IN LISTS PERCH_FOLDERS)
    target_link_libraries(fuzz_${name} PRIVATE perch_${folder})
  endforeach()
  add_dependencies(fuzz_targets fuzz_${name})
endforeach()
