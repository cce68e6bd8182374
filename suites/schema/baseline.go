package schema

// Baseline returns the keys of what judges a figure by those of the runs before.
func Baseline() Object {
	change, span := Change(), Excluded()
	return Object{
		Name: "a baseline",
		Doc:  "How the value of a metric, or the failing rate of rows, is held against the runs before it.",
		Fields: []Field{
			{Name: "season", Kind: Enum, Enum: []string{"auto", "none", "daily", "weekly", "both"}, Doc: "what repeats: `daily` tells hours of the day apart, `weekly` days of the week, `both` hours of the week, " +
				"in UTC; `auto`, unless said, learns it from the history where it shows"},
			{Name: "deviation", Kind: Number, Doc: "how far a figure may lie from what is expected, in standard deviations; 3 unless said"},
			{Name: "direction", Kind: Enum, Enum: []string{"both", "up", "down"}, Doc: "which departures fail; both unless said"},
			{Name: "min_history", Kind: Count, Doc: "the least number of runs to learn from, of the same hour or day where `season` names one; until then it is learning; 7 unless said"},
			{Name: "window", Kind: Duration, Doc: "no run is read that is older; 365d unless said"},
			{Name: "exclude", Kind: Items, Of: &span, Doc: "stretches of time whose runs are not learned from, beside those of the suite"},
			{Name: "change", Kind: Nested, Of: &change, Doc: "instead of a band: how much the figure may change from an earlier run"},
		},
	}
}

// Change returns the keys of a bound on change.
func Change() Object {
	return Object{
		Name: "a change",
		Doc:  "How much a figure may differ from that of an earlier run, or of several.",
		Fields: []Field{
			{Name: "against", Kind: Enum, Required: true, Enum: []string{"last", "average", "weekday"}, Doc: "the last run that did not fail, the mean of the latest that did not, or the last on the same day of the week"},
			{Name: "within", Kind: Rate, Required: true, Doc: "the largest change either way, as a share of it: 20%"},
			{Name: "runs", Kind: Count, Doc: "how many runs are averaged; 7 unless said"},
		},
	}
}

// Excluded returns the keys of a stretch of time that is not learned from.
func Excluded() Object {
	return Object{
		Name: "an excluded stretch",
		Doc:  "A stretch of time whose runs no baseline learns from: an incident, a migration.",
		Fields: []Field{
			{Name: "from", Kind: String, Required: true, Doc: "its first moment: 2026-11-01, or 2026-11-01T14:30:00Z"},
			{Name: "to", Kind: String, Doc: "its end; a day counts in full; absent, it goes on"},
			{Name: "reason", Kind: String, Doc: "why"},
		},
	}
}
