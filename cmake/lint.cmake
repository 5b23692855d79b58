# Target tidy: clang-tidy over every source of src/, again only over what changed since it passed.
# A changed header counts as a change of every source. Tests are left out: each would cost 5 s of
# GoogleTest's headers.

file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.h)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.cc)
set(stamps "")
foreach(source IN LISTS sources)
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
  set(stamp ${CMAKE_BINARY_DIR}/tidy/${name}.ok)
  get_filename_component(directory ${stamp} DIRECTORY)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/tidy ${CMAKE_BINARY_DIR} ${source}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${source} ${headers} ${CMAKE_SOURCE_DIR}/.clang-tidy ${CMAKE_SOURCE_DIR}/tools/tidy
    COMMENT "clang-tidy ${name}" VERBATIM)
  list(APPEND stamps ${stamp})
endforeach()
add_custom_target(tidy DEPENDS ${stamps})
