// The packages that Go comes from where there is no image of its makers. The same version has the same bytes everywhere.

/** Go of the distribution, which fetches any other version itself. */
export const goPackages = ["ca-certificates", "golang-go"]
