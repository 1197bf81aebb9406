# The Debian package: './dev package' makes it of the preset 'package', which has the distribution's hardening flags.
set(GEMBAL_MAINTAINER "the gembal authors <gembal@example.org>" CACHE STRING "Whom the package names as its maintainer")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gembal)
set(CPACK_PACKAGE_CONTACT ${GEMBAL_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/packaging/debian/finish.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS  # whatever the builder's umask is
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Nothing shows dpkg-shlibdeps the libraries that are loaded late: they are in these packages. libcurl's only recommends the certificates.
set(packages ca-certificates)
find_program(DPKG_QUERY dpkg-query)
foreach(library ${late_libraries})
  file(REAL_PATH ${library} file)
  cmake_path(GET file FILENAME filename)
  execute_process(COMMAND ${DPKG_QUERY} --search "*/${CMAKE_LIBRARY_ARCHITECTURE}/${filename}" OUTPUT_VARIABLE owner ERROR_QUIET)
  if(owner MATCHES "^([^:, ]+)[:,]")
    list(APPEND packages ${CMAKE_MATCH_1})
  elseif(DPKG_QUERY)
    message(WARNING "no package has ${file}: the package of gembal will not depend on it")
  endif()
endforeach()
list(REMOVE_DUPLICATES packages)
list(JOIN packages ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libsoci-mysql${SOCI_ABI}, libsoci-postgresql${SOCI_ABI}")  # loaded when store.url asks for one
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION  # below the project's own, which is the synopsis
"It picks a key of the Gemini API that will work, tries another when it does
not, and never lets a caller's mistake or an outage use keys up. One binary is
a command line (chat, embeddings, images, keys) and a proxy daemon for clients
of the OpenAI, Anthropic and Gemini APIs.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/${file})
endforeach()
# A package for another architecture than the compiler's own: the toolchain file says which.
if(GEMBAL_DEBIAN_ARCHITECTURE)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${GEMBAL_DEBIAN_ARCHITECTURE})
endif()
include(CPack)
