package dev.longtake.rollout;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.ResolvableDeserializer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;

/**
 * Reads a {@link ModelConfig} as any record is read, but that the keys in {@link
 * ModelConfig#DEFAULTS} may be left out.
 */
final class ModelConfigReader extends JsonDeserializer<ModelConfig> {
  @Override
  public ModelConfig deserialize(JsonParser parser, DeserializationContext context)
      throws IOException {
    if (context.readTree(parser) instanceof ObjectNode node) {
      ModelConfig.DEFAULTS.forEach((key, value) -> node.putIfAbsent(key, new TextNode(value)));
      try (var whole = node.traverse(parser.getCodec())) {
        whole.nextToken();
        return (ModelConfig) usual(context).deserialize(whole, context);
      }
    }
    return context.reportInputMismatch(ModelConfig.class, "is no object");
  }

  /** What would read the record if this class were not there. */
  private static JsonDeserializer<Object> usual(DeserializationContext context) throws IOException {
    var type = context.constructType(ModelConfig.class);
    var usual =
        context
            .getFactory()
            .createBeanDeserializer(context, type, context.getConfig().introspect(type));
    if (usual instanceof ResolvableDeserializer unresolved) {
      unresolved.resolve(context);
    }
    return usual;
  }
}
