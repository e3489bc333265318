#!/usr/bin/env python3
"""Checks the container files as far as that goes without an engine: the compose file's shape and that the Dockerfile
copies only what exists, runs as a user of its own, and installs what run.sh does."""
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
problems = []

dockerfile = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
instructions = re.sub(r"\\\n", " ", dockerfile).splitlines()
known = {"FROM", "ARG", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "VOLUME", "HEALTHCHECK", "ENTRYPOINT", "CMD", "LABEL"}
stages = set()
for line in instructions:
    line = line.strip()
    if not line or line.startswith("#"):
        continue
    word, rest = (line.split(None, 1) + [""])[:2]
    if word not in known:
        problems.append(f"Dockerfile: unknown instruction {word}")
    if word == "FROM":
        match = re.match(r"(\S+)(?:\s+AS\s+(\S+))?$", rest)
        if not match:
            problems.append(f"Dockerfile: bad FROM {rest}")
        elif ":" not in match.group(1) and match.group(1) not in stages:
            problems.append(f"Dockerfile: {match.group(1)} names no version")
        elif match.group(2):
            stages.add(match.group(2))
    if word == "COPY" and "--from=" not in rest:
        for source in [part for part in rest.split() if not part.startswith("--")][:-1]:
            if not list(ROOT.glob(source.rstrip("/"))):
                problems.append(f"Dockerfile: COPY of {source}, which does not exist")
    if word == "COPY" and "--from=" in rest and re.search(r"--from=(\S+)", rest).group(1) not in stages:
        problems.append(f"Dockerfile: COPY from an unknown stage: {rest}")
if not any(line.startswith("USER ") for line in instructions):
    problems.append("Dockerfile: must not run as root")

deps = (ROOT / "tools/deps.sh").read_text(encoding="utf-8")
build_packages = re.search(r"BUILD_PACKAGES=\((.*?)\)", deps, re.S).group(1).split()
for package in build_packages:
    if not re.search(rf"(?<![\w-]){re.escape(package)}(?![\w-])", dockerfile):
        problems.append(f"Dockerfile: does not install {package}, which the build needs")

compose = yaml.safe_load((ROOT / "docker/compose.yml").read_text(encoding="utf-8"))
services = compose.get("services", {})
for name, service in services.items():
    if "image" not in service and "build" not in service:
        problems.append(f"compose.yml: {name} has neither image nor build")
    for needed in service.get("depends_on", {}):
        if needed not in services:
            problems.append(f"compose.yml: {name} depends on {needed}, which is not there")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if not source.startswith((".", "/")) and source not in compose.get("volumes", {}):
            problems.append(f"compose.yml: {name} uses volume {source}, which is not declared")

print("\n".join(problems))
sys.exit(1 if problems else 0)
