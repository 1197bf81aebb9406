# Which libraries are loaded when they are first used: lib/late/late_libraries.cpp says how. Each brings more along, and a command
# that needs none of it should not wait for it. The sanitizers want to see everything from the start.
set(late_by_default ON)
if(GEMBAL_SANITIZER OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|aarch64")
  set(late_by_default OFF)
endif()
option(GEMBAL_LATE_LIBRARIES "Load some libraries when they are first used" ${late_by_default})

set(late_libraries)
if(GEMBAL_LATE_LIBRARIES)
  foreach(library ${curl_LINK_LIBRARIES} ${httplib_LINK_LIBRARIES} ${OPENSSL_CRYPTO_LIBRARY} ${LAME} ${opusenc_LINK_LIBRARIES}
                  ${flac_LINK_LIBRARIES} ${edit_LINK_LIBRARIES} ${md4c_LINK_LIBRARIES}
                  ${utf8proc_LINK_LIBRARIES} ${tomlplusplus_LINK_LIBRARIES} ${SOCI_SQLITE}
                  ${sqlite_LINK_LIBRARIES})
    if(library MATCHES "[.]so$")
      list(APPEND late_libraries ${library})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES late_libraries)
endif()

# load_late(TARGET): the program gets the functions of those libraries that the modules use; the linker drops what nothing else needs.
function(load_late target)
  if(NOT late_libraries)
    return()
  endif()
  get_property(modules GLOBAL PROPERTY GEMBAL_MODULES)
  list(TRANSFORM modules REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  set(functions ${CMAKE_CURRENT_BINARY_DIR}/late/late_functions.inc)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/late)
  add_custom_command(OUTPUT ${functions} VERBATIM
                     COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/late_functions.sh ${CMAKE_NM} ${CMAKE_READELF} ${functions}
                             ${late_libraries} -- ${files}
                     DEPENDS ${modules} ${CMAKE_SOURCE_DIR}/cmake/late_functions.sh)
  add_library(${target}_late OBJECT ${CMAKE_SOURCE_DIR}/lib/late/late_libraries.cpp ${functions})
  target_include_directories(${target}_late PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/late)
  target_link_libraries(${target}_late PRIVATE gembal_options)
  target_link_libraries(${target} PRIVATE ${target}_late ${CMAKE_DL_LIBS})
  target_link_options(${target} PRIVATE -Wl,--as-needed)
endfunction()
