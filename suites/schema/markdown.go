package schema

import (
	"fmt"
	"strings"
)

// Markdown returns the reference of every key, made from the declarations.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# The keys of a suite\n\nMade from the declarations that the loader uses; do not edit. The language page says what the keys mean together.\n")
	objects := []Object{Suite(), Connection(), Dataset(), Column(), Expectation(), Partner(), Sides(), ComparedColumn(), Fix(), Soft(), Baseline(), Change(), Excluded(), History(), Corrections(), Alerts()}
	objects = append(append(append(objects, Rules()...), Notify()), Channels()...)
	for _, o := range objects {
		title := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(o.Name, "an "), "a "), "the ")
		fmt.Fprintf(&b, "\n## %s%s\n\n%s\n\n| key | value | meaning |\n|---|---|---|\n", strings.ToUpper(title[:1]), title[1:], o.Doc)
		for _, f := range o.Fields {
			if f.Later {
				continue
			}
			doc := f.Doc
			if f.Required {
				doc = "**required**: " + doc
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.form(), doc)
		}
		var later []string
		for _, f := range o.Fields {
			if f.Later {
				later = append(later, "`"+f.Name+"`")
			}
		}
		if len(later) > 0 {
			fmt.Fprintf(&b, "\nKnown, but not supported by this version: %s.\n", strings.Join(later, ", "))
		}
	}
	return b.String()
}

// form names a field's form for people.
func (f Field) form() string {
	switch f.Kind {
	case String:
		return "text"
	case CEL:
		return "CEL"
	case Bool:
		return "true or false"
	case Count:
		return "whole number"
	case Version:
		return fmt.Sprint(FormatVersion)
	case Rate:
		return "`0.99` or `99%`"
	case Duration:
		return "`90s`, `2h`, `1d`"
	case Enum:
		return "`" + strings.Join(f.Enum, "`, `") + "`"
	case Strings:
		return "text or list"
	case Zone:
		return "IANA zone"
	case Objects:
		return "map"
	case Names:
		return "map from column to type"
	case Expectations:
		return "list"
	case Vars:
		return "map"
	case Texts:
		return "map from name to name"
	case Nested:
		return "map"
	case Number:
		return "number"
	case Items:
		return "list of maps"
	case Switch:
		return "`off`, or a map"
	case Sided:
		return "CEL"
	case Masks:
		return "text, list, or map from column to `" + strings.Join(f.Enum, "` or `") + "`"
	case Tolerance:
		return "number, `{rel: …}` or `{ulp: …}`"
	case Words:
		return "`" + strings.Join(f.Enum, "`, `") + "` or a list"
	case Keyed:
		return "CEL, a list, or a map from column to CEL"
	case Fixed:
		return "`" + strings.Join(f.Enum, "`, `") + "`, or a map"
	case Owners:
		return "map from column to owner"
	case Keeps:
		return "`" + strings.Join(f.Enum, "`, `") + "`, or a map"
	case Any:
	}
	return ""
}
