import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;

/** {@code java -cp classes:libs/* StoreTest} ends with 1 where something is not as it should be. */
final class StoreTest {

    private final Channel channel = new EmbeddedChannel();
    private DurableBackend backend;
    private boolean failed;

    public static void main(String[] arguments) throws IOException {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "off");
        Path folder = Files.createTempDirectory("store-test");
        try {
            StoreTest test = new StoreTest();
            test.run(folder);
            System.exit(test.failed ? 1 : 0);
        } finally {
            for (String name : List.of("store.mv", "copy.mv")) {
                Files.deleteIfExists(folder.resolve(name));
            }
            Files.delete(folder);
        }
    }

    private void run(Path folder) throws IOException {
        backend = DurableBackend.open(folder.resolve("store.mv"));
        ask("createIndexes", "logs", "indexes", List.of(
            new Document("key", new Document("d_id", 1)).append("name", "d_id_1").append("unique", true)));
        ask("insert", "logs", "documents", List.of(
            new Document("_id", 1).append("d_id", "ann").append("version", 1).append("logs", List.of(log("x", 1), log("y", 1)))));

        check("a pipeline sees each stage's own document", "{d_id: ann, version: 2, logs: [{e_id: y, version: 1}, {e_id: x, version: 2}]}",
            modify("ann", versionLog("x")));
        check("nothing is made where nothing is found", null, modify("bob", versionLog("x")));
        check("expressions see the document before the stage", "{a: 2, b: 1, c: {kept: 0, added: 1}, list: [1, null, {d: 2}]}",
            applied(List.of(new Document("$set", new Document("a", "$b").append("b", "$a")
                    .append("list", List.of("$a", "$nosuch", new Document("d", "$b").append("e", "$nosuch")))
                    .append("c", new Document("added", "$a")))),
                new Document("a", 1).append("b", 2).append("c", new Document("kept", 0))));
        check("literals stay as they are", "{b: 1, a: $b}",
            applied(List.of(new Document("$set", new Document("a", new Document("$literal", "$b")))), new Document("b", 1)));
        check("a variable that nobody knows is not stored as a text", "Use of undefined variable: log",
            failure(() -> applied(List.of(new Document("$set", new Document("a", List.of("$$log")))), new Document())));
        check("an unknown stage is refused", "this stand-in for MongoDB does not support the stage $out in an update",
            failure(() -> applied(List.of(new Document("$out", "other")), new Document())));

        ask("update", "logs", "updates", List.of(new Document("q", new Document("d_id", "ann")).append("multi", true)
            .append("u", List.of(new Document("$set", new Document("version", new Document("$add", List.of("$version", 5))))))));
        check("update takes a pipeline too", "7", found("ann").get("version"));

        // The file as it is when an answer has gone out is what a killed process leaves.
        Files.copy(folder.resolve("store.mv"), folder.resolve("copy.mv"), StandardCopyOption.REPLACE_EXISTING);
        Document acknowledged = found("ann");
        backend.close();
        backend = DurableBackend.open(folder.resolve("copy.mv"));
        check("what was acknowledged is in the file", acknowledged, found("ann"));
        Document twice = ask("insert", "logs", "documents", List.of(new Document("_id", 2).append("d_id", "ann")));
        check("indexes hold after a restart", "11000", ((Document) ((List<?>) twice.get("writeErrors")).get(0)).get("code"));
        backend.close();
    }

    /** As in OpenIM's version_log.go. */
    private static List<Document> versionLog(String element) {
        return List.of(
            new Document("$addFields", new Document("delete_e_ids", List.of(element))),
            new Document("$set", new Document("version", new Document("$add", List.of("$version", 1)))),
            new Document("$set", new Document("logs", new Document("$filter", new Document("input", "$logs").append("as", "log")
                .append("cond", new Document("$not", new Document("$in", List.of("$$log.e_id", "$delete_e_ids"))))))),
            new Document("$set", new Document("logs", new Document("$concatArrays", List.of("$logs",
                List.of(new Document("e_id", element).append("version", "$version")))))),
            new Document("$unset", "delete_e_ids"));
    }

    private static Document log(String element, int version) {
        return new Document("e_id", element).append("version", version);
    }

    private static Document applied(List<?> stages, Document document) {
        return UpdatePipeline.apply(stages, document);
    }

    private Object modify(String id, List<Document> stages) {
        Document command = new Document("findAndModify", "logs").append("query", new Document("d_id", id))
            .append("update", stages).append("new", true).append("fields", new Document("_id", 0));
        return backend.handleCommand(channel, "test", "findAndModify", command).get("value");
    }

    private Document found(String id) {
        Document answer = ask("find", "logs", "filter", new Document("d_id", id));
        return (Document) ((List<?>) ((Document) answer.get("cursor")).get("firstBatch")).get(0);
    }

    private Document ask(String command, String collection, String name, Object details) {
        return backend.handleCommand(channel, "test", command, new Document(command, collection).append(name, details));
    }

    private static String failure(Runnable task) {
        try {
            task.run();
            return "none";
        } catch (RuntimeException error) {
            return error.getMessage().replaceFirst("^\\[Error [0-9]+] ", "");
        }
    }

    private void check(String name, Object expected, Object actual) {
        boolean same = Objects.equals(text(expected), text(actual));
        failed |= !same;
        System.out.println((same ? "ok  " : "bad ") + name + (same ? "" : ": expected " + text(expected) + ", got " + text(actual)));
    }

    /** Documents as the expectations above are written. */
    private static String text(Object value) {
        return String.valueOf(value).replace("\"", "").replace(" : ", ": ").replaceAll("(?<=[{\\[]) | (?=[}\\]])", "");
    }
}
