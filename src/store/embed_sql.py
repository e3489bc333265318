#!/usr/bin/env python3
"""Turns sql/NNN_name.sql files into one C file: embed_sql.py OUTPUT INPUT..."""
import os
import sys


def main():
    output, inputs = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    lines = ["/* Generated from sql/ by embed_sql.py. */", '#include "store/migrate.h"', ""]
    rows = []
    for path in inputs:
        name = os.path.basename(path)
        version = int(name.split("_")[0])
        with open(path, "rb") as f:
            data = f.read() + b"\0"
        symbol = "sql_%03d" % version
        lines.append("static const char %s[] = {" % symbol)
        for at in range(0, len(data), 24):
            lines.append("    " + ", ".join(str(b if b < 128 else b - 256) for b in data[at : at + 24]) + ",")
        lines.append("};")
        rows.append('    {%d, "%s", %s},' % (version, name, symbol))
    lines += ["", "const struct migration migrations[] = {"] + rows + ["};"]
    lines += ["const unsigned migration_count = %d;" % len(rows), ""]
    with open(output, "w") as f:
        f.write("\n".join(lines))


main()
