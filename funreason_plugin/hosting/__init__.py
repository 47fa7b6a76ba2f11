"""Live sessions in supervised processes, so that no tool can hang, crash or slow down who plays with it.

host = Host(processes=2, threads=128)
session = await host.open(["travel"], scenario)
"""

from funreason_plugin.hosting.host import Host, HostedSession, Standing

__all__ = ["Host", "HostedSession", "Standing"]
