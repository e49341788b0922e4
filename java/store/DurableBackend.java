import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import org.h2.mvstore.MVStore;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * H2's backend whose data survive the sudden death of the process: what a client knows as stored is in the file, and a command
 * that was cut short has left nothing there.
 *
 * <p>A command that writes is alone, and what it did is committed before its answer goes out. As nothing else commits, the file
 * only ever holds whole commands, with documents and indexes that agree. The operating system writes the file to the disk when it
 * likes: this does not protect from a loss of power.
 *
 * <p>The server changes documents in place, and answers hold these very documents; so answers are copied before others may write.
 */
final class DurableBackend extends H2Backend {

    private static final Set<String> WRITES = Set.of(
        "insert", "update", "delete", "findandmodify", "create", "createindexes",
        "drop", "dropindexes", "dropdatabase", "renamecollection");
    private static final Set<String> WRITING_STAGES = Set.of("$out", "$merge");

    /** How long the file keeps space that is not needed any more. H2's own 45 seconds make it grow fast with a commit each command. */
    private static final int RETENTION_MILLISECONDS = 2_000;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private DurableBackend(MVStore store) {
        super(store);
    }

    static DurableBackend open(Path file) {
        MVStore store = new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().open();
        store.setRetentionTime(RETENTION_MILLISECONDS);
        return new DurableBackend(store);
    }

    @Override
    public Document handleCommand(Channel channel, String databaseName, String command, Document query) {
        boolean writes = writes(command, query);
        Lock held = writes ? lock.writeLock() : lock.readLock();
        held.lock();
        try {
            return writes
                ? write(channel, databaseName, command, query)
                : super.handleCommand(channel, databaseName, command, query).cloneDeeply();
        } finally {
            held.unlock();
        }
    }

    private Document write(Channel channel, String databaseName, String command, Document query) {
        try {
            Document plain = withoutPipelines(databaseName, command, query);
            return super.handleCommand(channel, databaseName, command, plain).cloneDeeply();
        } finally {
            // Also after a failure: of many inserts, some may have been done.
            getMvStore().commit();
        }
    }

    private Document withoutPipelines(String databaseName, String command, Document query) {
        MongoDatabase database = resolveDatabase(databaseName);
        return switch (command.toLowerCase(Locale.ROOT)) {
            case "findandmodify" -> PipelineUpdates.inFindAndModify(database.resolveCollection(query.get(command).toString(), false), query);
            case "update" -> PipelineUpdates.inUpdate(database.resolveCollection(query.get(command).toString(), false), query);
            default -> query;
        };
    }

    private static boolean writes(String command, Document query) {
        if (command.equalsIgnoreCase("aggregate") && query.get("pipeline") instanceof List<?> stages) {
            return stages.stream().anyMatch(stage ->
                stage instanceof Document document && document.keySet().stream().anyMatch(WRITING_STAGES::contains));
        }
        return WRITES.contains(command.toLowerCase(Locale.ROOT));
    }
}
