"""Calls methods of HyperLiquid's own Python SDK as told on standard input: one JSON line a call, one JSON line an answer.

First line: {"url", "privateKey", "account", "dexes"}. Then {"on": "info" | "exchange", "method", "args", "kwargs"}, where
{"cloid": "0x..."} stands for the SDK's Cloid; {"on": "socket", "subscription"} subscribes, {"on": "frames"} gives what came.
"""

import json
import sys

import eth_account
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.types import Cloid


def revive(value):
    if isinstance(value, list):
        return [revive(item) for item in value]
    if isinstance(value, dict):
        if list(value) == ["cloid"] and isinstance(value["cloid"], str):
            return Cloid.from_str(value["cloid"])
        return {key: revive(item) for key, item in value.items()}
    return value


# The SDK prints what it cannot place: that belongs to standard error.
answers, sys.stdout = sys.stdout, sys.stderr


def say(answer):
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


setup = json.loads(sys.stdin.readline())
wallet = eth_account.Account.from_key(setup["privateKey"])
info = Info(setup["url"], perp_dexs=setup["dexes"])
exchange = Exchange(wallet, setup["url"], account_address=setup["account"], perp_dexs=setup["dexes"])
targets = {"info": info, "exchange": exchange}
frames = []
say({"result": "ready"})

for line in sys.stdin:
    call = json.loads(line)
    try:
        if call["on"] == "socket":
            say({"result": info.subscribe(call["subscription"], frames.append)})
        elif call["on"] == "frames":
            say({"result": list(frames)})
        else:
            method = getattr(targets[call["on"]], call["method"])
            say({"result": method(*revive(call.get("args", [])), **revive(call.get("kwargs", {})))})
    except Exception as error:  # the answer tells it; the driver goes on
        say({"error": f"{type(error).__name__}: {error}"})

info.disconnect_websocket()
