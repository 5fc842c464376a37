# Thin aliases: tasks.py does the work, and needs no make.
PYTHON ?= python3

.PHONY: demo test check
demo test check:
	$(PYTHON) tasks.py $@
