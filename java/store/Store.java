import de.bwaldvogel.mongo.MongoServer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A stand-in for MongoDB where MongoDB is not available: mongo-java-server on a file. No users, no transactions, no replica set, and
 * only unique indexes; it answers as MongoDB 4.0 and shows how OpenIM uses its store, not how MongoDB behaves.
 *
 * <p>Usage: {@code java -cp classes:libs/* Store PORT DATA_FOLDER}. It listens on all interfaces.
 */
public final class Store {

    private Store() {
    }

    public static void main(String[] arguments) throws IOException {
        // What the server cannot do, it logs as a warning or an error.
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        if (arguments.length != 2 || !arguments[0].matches("[0-9]{1,5}")) {
            System.err.println("usage: Store PORT DATA_FOLDER");
            System.exit(2);
        }
        Path folder = Files.createDirectories(Path.of(arguments[1]));

        try {
            MongoServer server = new MongoServer(DurableBackend.open(folder.resolve("store.mv")));
            server.bind("0.0.0.0", Integer.parseInt(arguments[0]));
            // For SIGTERM: no more clients, commands under way are ended, then the file is closed.
            Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        } catch (Exception error) {
            System.err.println("store: cannot start on port " + arguments[0] + " with data in " + folder + ": " + error.getMessage());
            // Threads of what did start would keep the process.
            System.exit(1);
        }
        System.out.println("store: ready on port " + arguments[0] + ", data in " + folder);
        // The server's own threads go on.
    }
}
