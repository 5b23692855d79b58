# unit_<folder> and integration_<folder> test one folder of src/ each; every test of theirs is a CTest
# test. They link only the folder they test and what that may include, so a unit test cannot reach
# above its layer. test/support is linked into all. What runs the executable itself is a script.

find_package(GTest REQUIRED)
include(GoogleTest)
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)

# Modules that tests run are compiled before the tests that need them, into one directory for all
# presets. A language without a toolchain is left out, and its cases skip; see test/guests/build.
set(PERCH_TEST_GUESTS ${CMAKE_SOURCE_DIR}/build/guests CACHE PATH "Where guests are compiled to")
add_test(NAME guests.build COMMAND ${CMAKE_SOURCE_DIR}/test/guests/build ${PERCH_TEST_GUESTS})
set_tests_properties(guests.build PROPERTIES FIXTURES_SETUP guests LABELS guests TIMEOUT 600)

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
  target_compile_definitions(${name} PRIVATE PERCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             PERCH_TEST_GUESTS="${PERCH_TEST_GUESTS}")
  # Only where it is included: it needs layers that the lowest folders' tests must not link.
  list(GET arg_SOURCES 0 first)
  get_filename_component(directory ${first} DIRECTORY)
  file(GLOB headers CONFIGURE_DEPENDS ${directory}/*.h)
  foreach(source IN LISTS arg_SOURCES headers)
    file(STRINGS ${source} uses_support REGEX "^#include \"support/" LIMIT_COUNT 1)
    if(uses_support)
      target_link_libraries(${name} PRIVATE perch_test_support)
      break()
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE perch_compiler ${arg_LINKS} GTest::gtest GTest::gtest_main)
  target_link_options(${name} PRIVATE -Wl,--gc-sections)
  # The working directory is empty and of this executable alone.
  set(scratch ${CMAKE_BINARY_DIR}/scratch/${name})
  file(MAKE_DIRECTORY ${scratch})
  set(fixture "")
  if(NOT label STREQUAL "unit")
    set(fixture FIXTURES_REQUIRED guests)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX ${name}. WORKING_DIRECTORY ${scratch}
                       PROPERTIES LABELS ${label} TIMEOUT ${timeout} ${fixture})
endfunction()

foreach(folder IN LISTS PERCH_FOLDERS)
  file(GLOB_RECURSE unit CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/unit/${folder}/*_test.cc)
  file(GLOB_RECURSE integration CONFIGURE_DEPENDS
       ${CMAKE_SOURCE_DIR}/test/integration/${folder}/*.cc)
  perch_add_tests(unit_${folder} unit 60 SOURCES ${unit} LINKS perch_${folder} ${perch_uses_${folder}})
  perch_add_tests(integration_${folder} integration 120
                  SOURCES ${integration} LINKS perch_${folder} ${perch_uses_${folder}})
endforeach()

find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(TARGET perch)
  # Runs of the real executable that compare whole output: cases, diagnostics, documents.
  add_test(NAME e2e.cases
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/run_cases.py
                   --perch $<TARGET_FILE:perch> --guests ${PERCH_TEST_GUESTS})
  add_test(NAME e2e.diagnostics
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/golden/run_diags.py
                   --perch $<TARGET_FILE:perch>
                   --check-page ${CMAKE_SOURCE_DIR}/docs/diagnostics.md)
  add_test(NAME e2e.policy_table
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/policy_table.py
                   --perch $<TARGET_FILE:perch> --guests ${PERCH_TEST_GUESTS}
                   --check ${CMAKE_SOURCE_DIR}/docs/capabilities.md)
  add_test(NAME e2e.terminal
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/terminal_test.py
                   --perch $<TARGET_FILE:perch>)
  add_test(NAME e2e.learn
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/learn_test.py
                   --perch $<TARGET_FILE:perch> --guests ${PERCH_TEST_GUESTS})
  set_tests_properties(e2e.policy_table e2e.terminal e2e.learn PROPERTIES LABELS e2e TIMEOUT 600
                       FIXTURES_REQUIRED guests SKIP_RETURN_CODE 77)
  add_test(NAME e2e.progress
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/run_terminal.py
                   --perch $<TARGET_FILE:perch>)
  add_test(NAME e2e.interrupts
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/run_interrupts.py
                   --perch $<TARGET_FILE:perch>)
  set_tests_properties(e2e.progress e2e.interrupts PROPERTIES LABELS e2e TIMEOUT 120)
  # The report's page in a browser; skipped, and said to be, where there is none.
  add_test(NAME e2e.report_page
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/run_report_page.py
                   --perch $<TARGET_FILE:perch>)
  set_tests_properties(e2e.report_page PROPERTIES LABELS e2e TIMEOUT 180 SKIP_RETURN_CODE 77)
  add_test(NAME docs.blocks
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/docs/run_docs.py
                   --perch $<TARGET_FILE:perch>)
  add_test(NAME docs.blocks_runner_finds_what_it_looks_for
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/docs/run_docs.py
                   --perch $<TARGET_FILE:perch> --self-test)
  add_test(NAME docs.ops_page
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/docs/check_ops_page.py
                   --perch $<TARGET_FILE:perch>)
  add_test(NAME acceptance.programs
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/acceptance/run.py
                   --perch $<TARGET_FILE:perch>)
  set_tests_properties(acceptance.programs PROPERTIES LABELS acceptance TIMEOUT 300)
  # Executables that were damaged, moved to hostile places, or interrupted while they were made.
  add_test(NAME e2e.bundle_faults
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/bundle_faults.py
                   --perch $<TARGET_FILE:perch> --guests ${PERCH_TEST_GUESTS})
  foreach(script examples fmt completions)
    add_test(NAME e2e.${script}
             COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/test/e2e/run_${script}.py
                     --perch $<TARGET_FILE:perch>)
    set_tests_properties(e2e.${script} PROPERTIES LABELS e2e TIMEOUT 900)
  endforeach()
  set_tests_properties(e2e.cases e2e.diagnostics e2e.bundle_faults PROPERTIES LABELS e2e TIMEOUT 900
                       FIXTURES_REQUIRED guests)
  set_tests_properties(docs.blocks docs.blocks_runner_finds_what_it_looks_for docs.ops_page
                       PROPERTIES LABELS docs TIMEOUT 300)

  # Every example is run, and its whole output compared, by examples/check.
  file(GLOB sessions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*/expected/session.txt)
  foreach(session IN LISTS sessions)
    string(REGEX REPLACE "^.*/examples/([^/]+)/expected/.*$" "\\1" example ${session})
    add_test(NAME examples.${example}
             COMMAND ${CMAKE_SOURCE_DIR}/examples/check --perch $<TARGET_FILE:perch> ${example})
    set_tests_properties(examples.${example} PROPERTIES
                         LABELS examples TIMEOUT 300 SKIP_RETURN_CODE 77)
  endforeach()
endif()

# Checks of the tree itself.
foreach(check layers sizes)
  add_test(NAME tools.check_${check}
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_${check}.py
                   ${CMAKE_SOURCE_DIR})
  add_test(NAME tools.check_${check}_finds_what_it_looks_for
           COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_${check}.py --self-test)
  set_tests_properties(tools.check_${check} tools.check_${check}_finds_what_it_looks_for
                       PROPERTIES LABELS tools TIMEOUT 60)
endforeach()
add_test(NAME tools.late_relocations_keeps_every_place
         COMMAND ${CMAKE_SOURCE_DIR}/tools/late_relocations --self-test)
set_tests_properties(tools.late_relocations_keeps_every_place PROPERTIES LABELS tools TIMEOUT 60)
