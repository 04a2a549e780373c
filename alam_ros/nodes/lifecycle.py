"""The base of our lifecycle nodes: transitions that explain themselves and end in a safe state.

rclpy turns an exception in a transition into a silent ERROR, and dies of a request for a transition that the present state does
not have. Here a refusal is logged with its reason, anything unexpected with its traceback, an impossible request is answered
with `success: false`, and whatever fails leaves the robot safe and the resources given back.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from alam_ros.errors import AlamError
from alam_ros.nodes.garbage import set_aside
from alam_ros.nodes.parameters import require_understood

E = TypeVar("E")


class SafeLifecycleNode(LifecycleNode):
    """A lifecycle node whose subclasses fill in plain methods that may raise.

    `configure` acquires, through `hold`, what `release` gives back; `activate` starts work; `make_safe` leaves the robot in a
    safe state and is called, with the publishers still enabled, before every way out of the active state.

    Attributes:
        is_active: whether the node works.
        refusal: why the last transition failed; empty where it did not.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self._held = ExitStack()
        self.is_active = False
        self.refusal = ""
        super().__init__(name, **options)

    def configure(self) -> None:
        """Acquire everything; raise `AlamError` to refuse with a reason."""

    def activate(self) -> None:
        """Start to work; publishers are enabled."""

    def make_safe(self) -> None:
        """Leave the robot in a safe state. Publishers are still enabled if the node was active."""

    def hold(self, entity: E, destroy: Callable[[E], object]) -> E:
        """Return `entity` and have `destroy(entity)` called when the node gives back what it configured."""
        self._held.callback(destroy, entity)
        return entity

    def release(self) -> None:
        """Give back everything `configure` acquired, the latest first. May be called in any state."""
        self._held.close()

    def stop(self) -> None:
        """Make safe and release at the end of the process."""
        self._leave_active()
        self.release()

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Configure, or stay unconfigured and say why; so it does where a parameter was not understood."""

        def configure() -> None:
            require_understood(self)
            self.configure()

        return self._attempt("configure", configure, self.release, TransitionCallbackReturn.FAILURE)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enable the publishers and activate, or stay inactive and say why."""

        def activate() -> None:
            super(SafeLifecycleNode, self).on_activate(state)
            self.activate()
            self.is_active = True

        def undo() -> None:
            super(SafeLifecycleNode, self).on_deactivate(state)

        return self._attempt("activate", activate, undo, TransitionCallbackReturn.FAILURE)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make safe first, then disable the publishers."""

        def deactivate() -> None:
            self._leave_active()
            super(SafeLifecycleNode, self).on_deactivate(state)

        return self._attempt("deactivate", deactivate, self.release, TransitionCallbackReturn.ERROR)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Give everything back."""
        return self._attempt("clean up", self.release, self._leave_active, TransitionCallbackReturn.ERROR)

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Make safe and give everything back."""
        return self._attempt("shut down", self.stop, self._leave_active, TransitionCallbackReturn.ERROR)

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Return to unconfigured, safe and empty-handed, so that the node can be configured anew."""
        return self._attempt("recover", self.stop, self._leave_active, TransitionCallbackReturn.FAILURE)

    def _leave_active(self) -> None:
        """Make safe exactly once per activation, even where two ways out follow one another."""
        if self.is_active:
            self.is_active = False
            self.make_safe()

    def _attempt(
        self, what: str, action: Callable[[], None], undo: Callable[[], None], failed: TransitionCallbackReturn
    ) -> TransitionCallbackReturn:
        try:
            action()
        except AlamError as error:
            self.refusal = f"cannot {what}: {error}"
            self.get_logger().error(self.refusal)
        except Exception as error:  # noqa: BLE001  a transition must end in a safe state whatever happens
            self.refusal = f"cannot {what}: {type(error).__name__}: {error}"
            self.get_logger().error(f"cannot {what}:\n{traceback.format_exc()}")
        else:
            self.refusal = ""
            set_aside()  # what the transition made stays; the collector need not look at it while the node works
            return TransitionCallbackReturn.SUCCESS
        undo()
        return failed

    def _LifecycleNodeMixin__on_change_state(  # noqa: N802  the only place where rclpy lets a request be answered
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        """Answer a transition request; refuse one the present state does not have, instead of dying of it."""
        label = self._state_machine.current_state[1]
        possible = {number: name for number, name, *_ in self._state_machine.available_transitions}
        wanted = request.transition
        if wanted.label not in possible.values() if wanted.label else wanted.id not in possible:
            self.get_logger().error(
                f"no transition {wanted.label or wanted.id} from `{label}`; possible are {', '.join(sorted(possible.values()))}"
            )
            response.success = False
            return response
        answered: ChangeState.Response = super()._LifecycleNodeMixin__on_change_state(request, response)
        return answered
