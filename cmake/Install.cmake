include(GNUInstallDirs)
install(TARGETS gembal RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1" PATTERN pieces EXCLUDE)
install(FILES man/gembal.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES completions/gembal.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME gembal)
install(FILES completions/_gembal DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES completions/gembal.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES gembal.toml.example README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Folders that systemd reads below any of the usual prefixes: the user's units also below ~/.local.
install(FILES packaging/gembal.service packaging/gembal.socket DESTINATION lib/systemd/system)
install(FILES packaging/gembal.sysusers DESTINATION lib/sysusers.d RENAME gembal.conf)
install(FILES packaging/gembal.user.service DESTINATION ${CMAKE_INSTALL_DATADIR}/systemd/user RENAME gembal.service)
install(FILES packaging/gembal.socket DESTINATION ${CMAKE_INSTALL_DATADIR}/systemd/user)
