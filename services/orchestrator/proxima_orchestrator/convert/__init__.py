"""The one bilingual place: protobuf messages to the orchestrator's own values and back."""
