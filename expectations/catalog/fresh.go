package catalog

import "github.com/assay-dev/assay/connectors/value"

func fresh() Entry {
	return Entry{
		Name: "fresh", Kind: Metric,
		Doc: "The newest time in the column is no older than a span of time.",
		Params: []Param{
			{Name: "column", Kind: ParamColumn, Required: true, Doc: "the column of times"},
			{Name: "max_age", Kind: ParamDuration, Required: true, Doc: "the greatest age of the newest row: 90s, 15m, 2h, 1d"},
			{Name: "ignore_future", Kind: ParamBool, Doc: "leave out times after now, which would make stale data look fresh"},
		},
		expand: func(x *expansion) []Expansion {
			name := x.text("column", "")
			col, ok := x.column(name, x.at("column"))
			if !ok {
				return nil
			}
			if col != nil && col.Type.Kind != value.Timestamp {
				hint := ""
				if col.Type.Kind == value.LocalTimestamp {
					hint = "it has no time zone: set timezone on the connection"
				}
				x.errorf(x.at("column"), "type-mismatch", hint, "fresh is about times, and column %q is %s", name, col.Type)
				return nil
			}
			age, err := ParseDuration(x.text("max_age", ""))
			if err != nil {
				x.errorf(x.at("max_age"), "bad-argument", "", "fresh: %s", err)
				return nil
			}
			cel := Column(name)
			var future []string
			if x.flag("ignore_future") {
				future = []string{cel + " <= now"}
			}
			return metric(x.macro("freshness", cel, future...)+" <= "+duration(age), name)
		},
	}
}
