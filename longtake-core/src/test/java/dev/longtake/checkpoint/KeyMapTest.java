package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyMapTest {

  @Test
  void wrappersAreDroppedInAnyOrderAndNumber() {
    var wrappers =
        List.of("model.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_orig_mod.");
    Seeds.times(
        50,
        random -> {
          var key = new StringBuilder();
          for (int i = random.nextInt(6); i > 0; i--) {
            key.append(wrappers.get(random.nextInt(4)));
          }
          key.append("blocks.0.");
          for (int i = random.nextInt(3); i > 0; i--) {
            key.append(wrappers.get(1 + random.nextInt(3)));
          }
          key.append("self_attn.q.weight");
          assertThat(KeyMap.unwrapping().name(key.toString()))
              .as(key.toString())
              .contains("blocks.0.self_attn.q.weight");
        });
  }

  @Test
  void aModelInsideAnotherKeepsItsName() {
    assertThat(KeyMap.unwrapping().name("head.model.weight")).contains("head.model.weight");
    assertThat(KeyMap.unwrapping().name("remodel.weight")).contains("remodel.weight");
  }

  @Test
  void mapsFollowEachOther() {
    var map = KeyMap.under("ema.").then(KeyMap.unwrapping());
    assertThat(map.name("ema.model.w")).contains("w");
    assertThat(map.name("model.w")).isEmpty();
  }
}
