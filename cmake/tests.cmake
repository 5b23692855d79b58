# One executable per tested folder: unit_<folder>, integration_<folder>, and e2e; every test of
# theirs is a CTest test. test/support is linked into all of them. A test executable links only the
# folder it tests and what that folder may include, so a unit test cannot reach above its layer.

set(GTest_ROOT "" CACHE PATH "Where GoogleTest is, when not in the usual places")
find_package(GTest REQUIRED)
include(GoogleTest)
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)

file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/support/*.cc)
if(support)
  add_library(perch_test_support STATIC ${support})
  target_link_libraries(perch_test_support PRIVATE perch_compiler perch_json GTest::gtest)
  target_include_directories(perch_test_support PUBLIC ${CMAKE_SOURCE_DIR}/test)
endif()

function(perch_add_tests name label timeout)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "SOURCES;LINKS")
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/test)
  target_compile_definitions(${name} PRIVATE PERCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(TARGET perch_test_support)
    target_link_libraries(${name} PRIVATE perch_test_support)
  endif()
  target_link_libraries(${name} PRIVATE perch_compiler ${arg_LINKS} GTest::gtest GTest::gtest_main)
  target_link_options(${name} PRIVATE -Wl,--gc-sections)
  # The working directory is empty and of this executable alone.
  set(scratch ${CMAKE_BINARY_DIR}/scratch/${name})
  file(MAKE_DIRECTORY ${scratch})
  gtest_discover_tests(${name} TEST_PREFIX ${name}. WORKING_DIRECTORY ${scratch}
                       PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

set(all_folders "")
foreach(folder IN LISTS PERCH_FOLDERS)
  list(APPEND all_folders perch_${folder})
  file(GLOB_RECURSE unit CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/unit/${folder}/*_test.cc)
  file(GLOB_RECURSE integration CONFIGURE_DEPENDS
       ${CMAKE_SOURCE_DIR}/test/integration/${folder}/*_test.cc)
  perch_add_tests(unit_${folder} unit 60 SOURCES ${unit} LINKS perch_${folder})
  perch_add_tests(integration_${folder} integration 120
                  SOURCES ${integration} LINKS perch_${folder})
endforeach()

if(TARGET perch)
  file(GLOB e2e CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/e2e/*_test.cc)
  perch_add_tests(e2e e2e 300 SOURCES ${e2e} LINKS ${all_folders})
  if(TARGET e2e)
    target_compile_definitions(e2e PRIVATE PERCH_EXE="$<TARGET_FILE:perch>")
    add_dependencies(e2e perch)
  endif()
endif()

# Checks of the tree itself.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(check layers sizes)
  add_test(NAME tools.check_${check}
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_${check}.py
                   ${CMAKE_SOURCE_DIR})
  add_test(NAME tools.check_${check}_finds_what_it_looks_for
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_${check}.py --self-test)
  set_tests_properties(tools.check_${check} tools.check_${check}_finds_what_it_looks_for
                       PROPERTIES LABELS tools TIMEOUT 60)
endforeach()
