/* `ichatd import`: users, contacts, groups and history of an original installation from its mysqldump into an empty
 * database. Main thread, instead of a server. docs/import.md is its manual. */
#ifndef ICHAT_IMPORT_IMPORT_H
#define ICHAT_IMPORT_IMPORT_H

/* argv[0] is "import". Returns the exit code: 0 done, 1 failed, 2 wrong arguments or configuration. */
int import_main(int argc, char **argv);

#endif
