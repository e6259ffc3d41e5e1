#include "drill/command.h"
int command_list(int argc, char **argv) { (void)argc; (void)argv; return 0; }
int command_run(int argc, char **argv) { (void)argc; (void)argv; return 0; }
