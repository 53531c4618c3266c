"""Lets good requests reach the agent's desk: most of what is made up at random ends at
the session that does not exist. Requests that are wrong on purpose stay as they are."""

import os
import pathlib

import schemathesis

SESSION = os.environ["OMNIBAR_SESSION"]
TOKEN = os.environ["OMNIBAR_TOKEN"]
CALL = pathlib.Path(os.environ["OMNIBAR_CALL"])


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.headers["sessionid"] = SESSION
    if isinstance(case.body, dict):
        for name, value in (
            ("sessionId", f"Bearer {TOKEN}"),
            ("userCRTObjectId", SESSION),
            ("campaignId", 103),
            ("campaignContextId", 103),
            ("crtObjectId", CALL.read_text() if CALL.exists() else "none"),
            ("dispositionCodeId", 1030),
            ("dispositionCode", "Interested"),
        ):
            if name in case.body:
                case.body[name] = value
