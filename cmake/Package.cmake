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
# Loaded when it is needed, so that nothing shows it; its package only recommends the certificates.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4 (>= 7.88), ca-certificates")
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
