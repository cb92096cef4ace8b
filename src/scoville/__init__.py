"""Scoville: lead scoring that people trust."""
