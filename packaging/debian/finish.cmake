# Run by CPack between 'install' and the package's making: what Debian wants, and an installation elsewhere does not.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(source ${CMAKE_CURRENT_LIST_DIR})

file(GLOB manuals ${root}/usr/share/man/man*/*.[0-9])
configure_file(${source}/changelog ${root}/usr/share/doc/gembal/changelog COPYONLY)
# -n: the same input makes the same package.
execute_process(COMMAND gzip -9n ${manuals} ${root}/usr/share/doc/gembal/changelog COMMAND_ERROR_IS_FATAL ANY)

configure_file(${source}/copyright ${root}/usr/share/doc/gembal/copyright COPYONLY)
file(REMOVE ${root}/usr/share/doc/gembal/LICENSE)  # it is in the copyright file
file(MAKE_DIRECTORY ${root}/usr/share/doc/gembal/examples ${root}/usr/share/zsh/vendor-completions ${root}/etc/default)
file(RENAME ${root}/usr/share/doc/gembal/gembal.toml.example ${root}/usr/share/doc/gembal/examples/gembal.toml)
file(RENAME ${root}/usr/share/zsh/site-functions/_gembal ${root}/usr/share/zsh/vendor-completions/_gembal)
file(REMOVE_RECURSE ${root}/usr/share/zsh/site-functions)

configure_file(${source}/../gembal.default ${root}/etc/default/gembal COPYONLY)
file(CHMOD ${root}/etc/default/gembal PERMISSIONS OWNER_READ OWNER_WRITE)  # it has tokens, once somebody uses it
