// Java programs below java/: what runs and what builds them.

/** What runs Java, and what builds it. */
export const javaPackages = { runtime: ["openjdk-21-jre-headless"], maven: ["maven", "openjdk-21-jdk-headless"] }

/** Java's packages link their manuals into this folder, which slim images do not have. */
export const javaFolders = ["/usr/share/man/man1"]
