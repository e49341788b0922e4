import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;

import java.util.ArrayList;
import java.util.List;

/**
 * Commands with a pipeline for an update, which mongo-java-server does not know, as commands that say the same with whole documents.
 * The caller sees to it that nobody writes in between.
 */
final class PipelineUpdates {

    private PipelineUpdates() {
    }

    /** @param collection null where it is not there yet */
    static Document inFindAndModify(MongoCollection<?> collection, Document command) {
        if (!(command.get("update") instanceof List<?> stages)) {
            return command;
        }
        Document filter = (Document) command.getOrDefault("query", new Document());
        List<Document> found = matching(collection, filter, (Document) command.get("sort"), 1);
        Document plain = command.clone();
        if (found.isEmpty()) {
            refuseUpsert(command);
            // Finds nothing again, and answers so.
            plain.put("update", new Document());
        } else {
            plain.put("query", new Document("_id", found.get(0).get("_id")));
            plain.put("update", UpdatePipeline.apply(stages, found.get(0)));
        }
        return plain;
    }

    /** @param collection null where it is not there yet */
    static Document inUpdate(MongoCollection<?> collection, Document command) {
        List<?> updates = (List<?>) command.get("updates");
        if (updates.stream().noneMatch(update -> ((Document) update).get("u") instanceof List)) {
            return command;
        }
        // Answers name updates by their place in the list.
        if (updates.size() > 1) {
            throw unsupported("a pipeline among several updates of one command");
        }
        Document update = (Document) updates.get(0);
        int limit = Utils.isTrue(update.get("multi")) ? 0 : 1;
        List<Document> found = matching(collection, (Document) update.get("q"), null, limit);
        if (found.isEmpty()) {
            refuseUpsert(update);
        }
        List<Document> replacements = new ArrayList<>();
        for (Document document : found) {
            replacements.add(new Document("q", new Document("_id", document.get("_id")))
                .append("u", UpdatePipeline.apply((List<?>) update.get("u"), document)));
        }
        Document plain = command.clone();
        plain.put("updates", replacements);
        return plain;
    }

    private static List<Document> matching(MongoCollection<?> collection, Document filter, Document sort, int limit) {
        if (collection == null) {
            return List.of();
        }
        Document query = new Document("query", filter);
        query.putIfNotNull("orderby", sort);
        return collection.handleQuery(query, 0, limit).collectDocuments();
    }

    private static void refuseUpsert(Document options) {
        if (Utils.isTrue(options.get("upsert"))) {
            throw unsupported("an upsert by a pipeline that has to insert");
        }
    }

    /** Better a failure than data that are not what MongoDB would have stored. */
    static MongoServerError unsupported(String what) {
        return new MongoServerError(238, "NotImplemented", "this stand-in for MongoDB does not support " + what);
    }
}
