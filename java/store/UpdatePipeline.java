import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.aggregation.Expression;
import de.bwaldvogel.mongo.bson.Document;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the stages of an update's pipeline make of a document. */
final class UpdatePipeline {

    private UpdatePipeline() {
    }

    /** The document itself stays as it is. */
    static Document apply(List<?> stages, Document document) {
        Document current = document.cloneDeeply();
        for (Object stage : stages) {
            Map.Entry<String, Object> only = ((Document) stage).entrySet().iterator().next();
            Object details = only.getValue();
            current = switch (only.getKey()) {
                case "$set", "$addFields" -> set((Document) details, current);
                case "$unset" -> unset(details, current);
                case "$replaceRoot" -> replace(((Document) details).get("newRoot"), current);
                case "$replaceWith" -> replace(details, current);
                default -> throw PipelineUpdates.unsupported("the stage " + only.getKey() + " in an update");
            };
        }
        return current;
    }

    /** All expressions see the document as it was before the stage. */
    private static Document set(Document fields, Document before) {
        Document after = before.cloneDeeply();
        set("", fields, before, after);
        // What an expression took from the document is in both.
        return after.cloneDeeply();
    }

    /** A document that is not an expression is merged into what is there. */
    private static void set(String path, Document fields, Document before, Document after) {
        for (Map.Entry<String, Object> field : fields.entrySet()) {
            String name = path + field.getKey();
            if (field.getValue() instanceof Document nested && !nested.isEmpty() && !isOperator(nested)) {
                set(name + ".", nested, before, after);
                continue;
            }
            Object value = evaluate(field.getValue(), before);
            if (value instanceof Missing) {
                Utils.removeSubdocumentValue(after, name);
            } else {
                Utils.changeSubdocumentValue(after, name, value);
            }
        }
    }

    private static Document unset(Object names, Document document) {
        for (Object name : names instanceof List<?> list ? list : List.of(names)) {
            Utils.removeSubdocumentValue(document, (String) name);
        }
        return document;
    }

    private static Document replace(Object expression, Document document) {
        if (evaluate(expression, document) instanceof Document replacement) {
            Document result = replacement.cloneDeeply();
            result.putIfAbsent("_id", document.get("_id"));
            return result;
        }
        throw PipelineUpdates.unsupported("a replacement that is not a document");
    }

    private static Object evaluate(Object expression, Document document) {
        return Expression.evaluateDocument(withLiterals(expression, document, false), document);
    }

    /**
     * The expression with its array literals worked out. mongo-java-server takes an array for finished values wherever it is not the
     * list of an operator's arguments: of {@code {$concatArrays: ["$logs", [{version: "$version"}]]}} it would store the word
     * "$version". A variable such as {@code $$log} in a literal makes the command fail: it is not known outside of its operator.
     *
     * @param arguments whether this is what an operator is given
     */
    private static Object withLiterals(Object expression, Document document, boolean arguments) {
        if (expression instanceof List<?> list) {
            return arguments ? list.stream().map(element -> withLiterals(element, document, false)).toList() : literal(list, document);
        }
        if (expression instanceof Document fields && !fields.containsKey("$literal")) {
            boolean operator = isOperator(fields);
            Document result = new Document();
            fields.forEach((name, value) -> result.put(name, withLiterals(value, document, operator)));
            return result;
        }
        return expression;
    }

    private static Object literal(Object part, Document document) {
        if (part instanceof List<?> list) {
            List<Object> result = new ArrayList<>();
            for (Object element : list) {
                Object value = literal(element, document);
                // MongoDB fills the place of a missing field.
                result.add(value instanceof Missing ? null : value);
            }
            return result;
        }
        if (part instanceof Document fields && !isOperator(fields)) {
            Document result = new Document();
            for (Map.Entry<String, Object> field : fields.entrySet()) {
                Object value = literal(field.getValue(), document);
                if (!(value instanceof Missing)) {
                    result.put(field.getKey(), value);
                }
            }
            return result;
        }
        return evaluate(part, document);
    }

    private static boolean isOperator(Document fields) {
        return fields.keySet().stream().anyMatch(name -> name.startsWith("$"));
    }
}
