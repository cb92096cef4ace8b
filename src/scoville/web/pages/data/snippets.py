"""What people paste into a site or a server so that it sends events here.

In: the address of this server and a key. Out: `Way`s with text. The same texts stand in docs/events-in.md. Called by
the tab Send data and by the first run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HOST = "https://events.example.com"  # what stands in the texts below for the server
NO_KEY = {"write": "WRITE_KEY", "secret": "SECRET_KEY"}

_SITE = """\
<script>
!function () {
  var host = "https://events.example.com", key = "WRITE_KEY";
  var analytics = window.analytics = window.analytics || [];
  if (analytics.initialize || analytics.invoked) return;
  analytics.invoked = true;
  analytics.methods = ["identify", "track", "page", "group", "alias", "ready", "reset", "on", "once", "off", "debug",
    "trackLink", "trackForm", "trackClick", "trackSubmit", "setAnonymousId", "addSourceMiddleware", "register"];
  analytics.methods.forEach(function (method) {
    analytics[method] = function () {
      if (window.analytics.initialized) return window.analytics[method].apply(window.analytics, arguments);
      analytics.push([method].concat(Array.prototype.slice.call(arguments)));
      return analytics;
    };
  });
  analytics.load = function (key, options) {
    var script = document.createElement("script");
    script.async = true;
    script.src = host + "/analytics.js/v1/" + key + "/analytics.min.js";
    document.head.appendChild(script);
    analytics._loadOptions = options;
  };
  analytics._writeKey = key;
  analytics._cdn = host;
  analytics.load(key);
  analytics.page();
}();
</script>
"""
_PYTHON = """\
from segment.analytics import Client

analytics = Client("SECRET_KEY", host="https://events.example.com")
analytics.track("user-1", "Demo Requested", {"plan": "pro"})
analytics.flush()
"""
_NODE = """\
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "SECRET_KEY", host: "https://events.example.com" });
analytics.track({ userId: "user-1", event: "Demo Requested" });
await analytics.closeAndFlush();
"""
_RUDDER_PYTHON = """\
from rudderstack.analytics import Client

analytics = Client("SECRET_KEY", host="https://events.example.com")
analytics.track("user-1", "Demo Requested", {"plan": "pro"})
analytics.flush()
"""
_RUDDER_NODE = """\
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const analytics = new RudderAnalytics("SECRET_KEY", { dataPlaneUrl: "https://events.example.com" });
analytics.track({ userId: "user-1", event: "Demo Requested" });
analytics.flush();
"""
_CURL = """\
curl https://events.example.com/v1/track -u SECRET_KEY: -d '{"userId": "user-1", "event": "Demo Requested"}'
"""


@dataclass(frozen=True)
class Way:
    """One way to send. `install` is what has to be there first; null when nothing has."""

    code: str
    name: str
    kind: Literal["write", "secret"]
    where: str
    install: str | None
    text: str

    def filled(self, host: str, key: str) -> str:
        """The text for this server and key."""
        return self.text.replace(HOST, host.rstrip("/")).replace(NO_KEY[self.kind], key)


WAYS = (
    Way("site", "Website", "write", "Into the head of every page.", None, _SITE),
    Way("python", "Python", "secret", "On your server.", "pip install segment-analytics-python", _PYTHON),
    Way("node", "Node.js", "secret", "On your server.", "npm install @segment/analytics-node", _NODE),
    Way("rudder-python", "RudderStack, Python", "secret", "On your server.", "pip install rudder-sdk-python",
        _RUDDER_PYTHON),
    Way("rudder-node", "RudderStack, Node.js", "secret", "On your server.", "npm install @rudderstack/rudder-sdk-node",
        _RUDDER_NODE),
    Way("curl", "Anything else", "secret", "From a terminal, or as any program that sends HTTP.", None, _CURL),
)  # fmt: skip


def way_of(code: str | None) -> Way:
    """The way of this code; for one that there is not, the first."""
    return next((way for way in WAYS if way.code == code), WAYS[0])
