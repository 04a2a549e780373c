# One command sets everything up and does the job. Nothing outside this directory changes.
#
#   make demo    train, evaluate, export, drive over ROS 2, report
#   make test    all checks and tests
#   make bench   measure the learner's update beside Stable-Baselines3 and OmniSafe, which it installs (.venv/peers)
#   make venv    set-up only: .venv with simulators, learning, ROS 2 and this package's messages
#
# Needs Linux on x86-64, Python 3.10 to 3.12 with its headers and venv module, a C and C++ compiler, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PEERS := $(VENV)/peers

# Directories change when a file comes or goes; edits take effect without an installation, because it consists of links.
SOURCE_DIRECTORIES := $(shell find alam_ros sim config launch policies -type d -not -name __pycache__)

# A sourced ROS installation must not mix with the one in .venv.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH _ROS_WHEELS_BOOTSTRAP_COMPLETE

.PHONY: venv test lint demo bench clean

venv: $(VENV)/.installed

# pip 23.0, which comes with Python 3.10, does not resolve ROS' packages in twenty minutes.
$(VENV)/.packages: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13) and "set PYTHON to a Python 3.10 to 3.12")'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing packages into $(VENV) (some minutes the first time)"
	$(PIP) install 'pip>=23.2'
	$(PIP) install --constraint constraints.txt --editable '.[bags,dev,onnx,ros,ros-build,sim,train]'
	$(PIP) install --constraint constraints.txt --no-deps bullet-safety-gym safety-gymnasium
	@touch $@

$(VENV)/.installed: $(VENV)/.packages CMakeLists.txt package.xml $(wildcard cmake/* msg/*) $(SOURCE_DIRECTORIES)
	@echo "Compiling the messages and linking the package into $(VENV)"
	@$(BIN)/cmake -S . -B $(VENV)/build \
		-DCMAKE_INSTALL_PREFIX=$(abspath $(VENV)) -DCMAKE_PREFIX_PATH=$(abspath $(VENV)) \
		-DPython3_EXECUTABLE=$(abspath $(BIN))/python -DAMENT_CMAKE_SYMLINK_INSTALL=ON -DBUILD_TESTING=OFF >/dev/null
	@$(BIN)/cmake --build $(VENV)/build --parallel 2 --target install >/dev/null
	@find -L $(VENV)/lib/python3*/site-packages/alam_ros $(VENV)/lib/python3*/site-packages/alam_sim $(VENV)/share/alam_ros -type l -delete
	@touch $@

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=sim $(BIN)/lint-imports

# Two tests at a time, where there are two cores; more would disturb those over ROS (tests/conftest.py).
test: lint
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 2

demo: venv
	$(BIN)/alam demo

bench: venv $(PEERS)/.installed
	$(BIN)/alam bench learner

# OmniSafe pins a pandas without wheels for today's NumPy, and Safety-Gymnasium pins packages that no longer build; its update needs
# neither, so it comes without its dependencies and with those that it imports.
$(PEERS)/.installed: constraints.txt
	$(PYTHON) -m venv $(PEERS)
	@echo "Installing Stable-Baselines3 and OmniSafe into $(PEERS) (some minutes the first time)"
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt \
		stable-baselines3 gdown gymnasium matplotlib moviepy pandas pyyaml rich seaborn tensorboard torch typer wandb
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt --no-deps omnisafe
	@touch $@

clean:
	rm -rf $(VENV) build install log
	find . -name __pycache__ -prune -exec rm -rf {} +
