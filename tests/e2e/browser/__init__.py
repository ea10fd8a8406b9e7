"""The main job as people do it: in a browser, by clicking and typing."""
