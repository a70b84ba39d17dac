"""What tasks of boxes share: anchors, suppression, and detectors in two stages."""
