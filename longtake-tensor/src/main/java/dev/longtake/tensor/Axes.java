package dev.longtake.tensor;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the axes of a tensor in a signature, outermost first, such as {@code @Axes("B F P D")}; the
 * class's Javadoc holds the legend. Documentation only: nothing checks it at run time.
 */
@Documented
@Retention(RetentionPolicy.SOURCE)
@Target({
  ElementType.METHOD,
  ElementType.PARAMETER,
  ElementType.FIELD,
  ElementType.RECORD_COMPONENT
})
public @interface Axes {
  /** The axes' letters, separated by spaces; digits are fixed sizes. */
  String value();
}
