// The packages that Python comes from where there is no image of its makers.

/** Debian stable has one Python. Newer ones run what was written for older ones. */
export const pythonPackages = ["ca-certificates", "python3", "python3-pip"]
