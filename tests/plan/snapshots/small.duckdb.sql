-- scores by Scoville: Small, version 4616ba693140. Reads leads, events.
WITH "as_of" AS (
  SELECT
    CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS TIMESTAMP) AS "as_of"
), "traits" AS (
  SELECT
    "t0"."lead_id",
    NULLIF(TRIM("t0"."company", ' 	
'), '') AS "trait.company",
    NULLIF(TRIM("t0"."title", ' 	
'), '') AS "trait.title"
  FROM "leads" AS "t0"
), "people" AS (
  SELECT
    "t4"."lead_id",
    0 AS "segment_no",
    CASE
      WHEN COALESCE(LOWER(TRIM("t4"."trait.company", ' 	
')) = 'rival', FALSE)
      THEN 'Competitor'
      ELSE CAST(NULL AS TEXT)
    END AS "disqualified_by",
    CASE
      WHEN COALESCE(LOWER(TRIM("t4"."trait.title", ' 	
')) = 'director', FALSE)
      THEN CAST(15.0 AS DOUBLE)
      ELSE CAST(0.0 AS DOUBLE)
    END AS "fit_0"
  FROM (
    SELECT
      "t2"."lead_id",
      "t2"."trait.company",
      "t2"."trait.title",
      "t3"."as_of"
    FROM "traits" AS "t2"
    CROSS JOIN "as_of" AS "t3"
  ) AS "t4"
), "event_rules" AS (
  SELECT
    CAST("rule" AS SMALLINT) AS "rule",
    CAST("name" AS TEXT) AS "name",
    CAST("points" AS DOUBLE) AS "points",
    CAST("repeat" AS DOUBLE) AS "repeat",
    CAST("lowest" AS DOUBLE) AS "lowest",
    CAST("highest" AS DOUBLE) AS "highest",
    CAST("window_us" AS BIGINT) AS "window_us",
    CAST("decay" AS TEXT) AS "decay",
    CAST("span_us" AS BIGINT) AS "span_us",
    CAST("share" AS DOUBLE) AS "share",
    CAST("at_most" AS BIGINT) AS "at_most",
    CAST("per_day" AS BIGINT) AS "per_day"
  FROM (VALUES
    (
      0,
      'Demo',
      25.0,
      25.0,
      NULL,
      40.0,
      NULL,
      'half_life',
      2592000000000,
      NULL,
      NULL,
      NULL
    )) AS t("rule", "name", "points", "repeat", "lowest", "highest", "window_us", "decay", "span_us", "share", "at_most", "per_day")
), "rule_events" AS (
  SELECT
    CAST("rule" AS SMALLINT) AS "rule",
    CAST("event" AS TEXT) AS "event"
  FROM (VALUES
    (0, 'demo')) AS t("rule", "event")
), "hits" AS (
  SELECT
    "t11"."lead_id",
    "t11"."rule",
    "t11"."occurred_at",
    DATE_DIFF('MICROSECOND', "t11"."occurred_at", "t11"."as_of") AS "age_us",
    EXP(
      -(
        (
          DATE_DIFF('MICROSECOND', "t11"."occurred_at", "t11"."as_of") / "t11"."span_us"
        ) * CAST(0.6931471805599453 AS DOUBLE)
      )
    ) AS "amount"
  FROM (
    SELECT
      "t8"."lead_id",
      "t8"."event",
      "t8"."occurred_at",
      "t10"."rule",
      "t10"."name",
      "t10"."points",
      "t10"."repeat",
      "t10"."lowest",
      "t10"."highest",
      "t10"."window_us",
      "t10"."decay",
      "t10"."span_us",
      "t10"."share",
      "t10"."at_most",
      "t10"."per_day",
      "t10"."as_of"
    FROM (
      SELECT
        *
      FROM "events" AS "t0"
    ) AS "t8"
    INNER JOIN (
      SELECT
        "t4"."rule",
        "t4"."event",
        "t5"."name",
        "t5"."points",
        "t5"."repeat",
        "t5"."lowest",
        "t5"."highest",
        "t5"."window_us",
        "t5"."decay",
        "t5"."span_us",
        "t5"."share",
        "t5"."at_most",
        "t5"."per_day",
        "t6"."as_of"
      FROM "rule_events" AS "t4"
      INNER JOIN "event_rules" AS "t5"
        ON "t4"."rule" = "t5"."rule"
      CROSS JOIN "as_of" AS "t6"
    ) AS "t10"
      ON "t8"."event" = "t10"."event"
  ) AS "t11"
  WHERE
    DATE_DIFF('MICROSECOND', "t11"."occurred_at", "t11"."as_of") >= 0
), "rule_totals" AS (
  SELECT
    "t0"."lead_id",
    "t0"."rule",
    COUNT(*) AS "matched",
    SUM("t0"."amount") AS "total",
    MIN("t0"."age_us") AS "age_us",
    MAX("t0"."occurred_at") AS "newest_at"
  FROM "hits" AS "t0"
  GROUP BY
    1,
    2
), "event_points" AS (
  SELECT
    "t2"."lead_id",
    "t2"."rule",
    "t2"."matched",
    "t2"."newest_at",
    (
      "t3"."points" * EXP(
        -(
          (
            "t2"."age_us" / "t3"."span_us"
          ) * CAST(0.6931471805599453 AS DOUBLE)
        )
      )
    ) + CASE
      WHEN "t2"."matched" > 1
      THEN "t3"."repeat" * (
        "t2"."total" - EXP(
          -(
            (
              "t2"."age_us" / "t3"."span_us"
            ) * CAST(0.6931471805599453 AS DOUBLE)
          )
        )
      )
      ELSE CAST(0.0 AS DOUBLE)
    END AS "raw_points",
    LEAST(
      GREATEST(
        (
          "t3"."points" * EXP(
            -(
              (
                "t2"."age_us" / "t3"."span_us"
              ) * CAST(0.6931471805599453 AS DOUBLE)
            )
          )
        ) + CASE
          WHEN "t2"."matched" > 1
          THEN "t3"."repeat" * (
            "t2"."total" - EXP(
              -(
                (
                  "t2"."age_us" / "t3"."span_us"
                ) * CAST(0.6931471805599453 AS DOUBLE)
              )
            )
          )
          ELSE CAST(0.0 AS DOUBLE)
        END,
        COALESCE(
          "t3"."lowest",
          (
            "t3"."points" * EXP(
              -(
                (
                  "t2"."age_us" / "t3"."span_us"
                ) * CAST(0.6931471805599453 AS DOUBLE)
              )
            )
          ) + CASE
            WHEN "t2"."matched" > 1
            THEN "t3"."repeat" * (
              "t2"."total" - EXP(
                -(
                  (
                    "t2"."age_us" / "t3"."span_us"
                  ) * CAST(0.6931471805599453 AS DOUBLE)
                )
              )
            )
            ELSE CAST(0.0 AS DOUBLE)
          END
        )
      ),
      COALESCE(
        "t3"."highest",
        GREATEST(
          (
            "t3"."points" * EXP(
              -(
                (
                  "t2"."age_us" / "t3"."span_us"
                ) * CAST(0.6931471805599453 AS DOUBLE)
              )
            )
          ) + CASE
            WHEN "t2"."matched" > 1
            THEN "t3"."repeat" * (
              "t2"."total" - EXP(
                -(
                  (
                    "t2"."age_us" / "t3"."span_us"
                  ) * CAST(0.6931471805599453 AS DOUBLE)
                )
              )
            )
            ELSE CAST(0.0 AS DOUBLE)
          END,
          COALESCE(
            "t3"."lowest",
            (
              "t3"."points" * EXP(
                -(
                  (
                    "t2"."age_us" / "t3"."span_us"
                  ) * CAST(0.6931471805599453 AS DOUBLE)
                )
              )
            ) + CASE
              WHEN "t2"."matched" > 1
              THEN "t3"."repeat" * (
                "t2"."total" - EXP(
                  -(
                    (
                      "t2"."age_us" / "t3"."span_us"
                    ) * CAST(0.6931471805599453 AS DOUBLE)
                  )
                )
              )
              ELSE CAST(0.0 AS DOUBLE)
            END
          )
        )
      )
    ) AS "points"
  FROM "rule_totals" AS "t2"
  INNER JOIN "event_rules" AS "t3"
    ON "t2"."rule" = "t3"."rule"
), "engagement" AS (
  SELECT
    "t0"."lead_id",
    SUM("t0"."points") AS "event_sum"
  FROM "event_points" AS "t0"
  GROUP BY
    1
), "sums" AS (
  SELECT
    "t6"."lead_id",
    "t6"."segment_no",
    "t6"."disqualified_by",
    "t6"."fit_0",
    "t6"."cap_fit",
    "t6"."cap_engagement",
    "t6"."qualified_score" - "t6"."both" AS "cap_scale",
    CASE
      WHEN COALESCE("t6"."disqualified_by", '') = 'Competitor'
      THEN CAST(0.0 AS DOUBLE) - "t6"."qualified_score"
      ELSE CAST(0.0 AS DOUBLE)
    END AS "disqualified_0",
    "t6"."fit",
    "t6"."engagement",
    CASE
      WHEN "t6"."disqualified_by" IS NULL
      THEN "t6"."qualified_score"
      ELSE CAST(0.0 AS DOUBLE)
    END AS "score"
  FROM (
    SELECT
      "t5"."lead_id",
      "t5"."segment_no",
      "t5"."disqualified_by",
      "t5"."fit_0",
      "t5"."event_sum",
      "t5"."fit_0" AS "fit_sum",
      COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)) AS "engagement_sum",
      LEAST("t5"."fit_0", CAST(20.0 AS DOUBLE)) AS "fit",
      COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)) AS "engagement",
      LEAST("t5"."fit_0", CAST(20.0 AS DOUBLE)) - "t5"."fit_0" AS "cap_fit",
      COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)) - COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)) AS "cap_engagement",
      LEAST(
        GREATEST(
          LEAST("t5"."fit_0", CAST(20.0 AS DOUBLE)) + COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)),
          CAST(0.0 AS DOUBLE)
        ),
        CAST(100.0 AS DOUBLE)
      ) AS "qualified_score",
      LEAST("t5"."fit_0", CAST(20.0 AS DOUBLE)) + COALESCE("t5"."event_sum", CAST(0.0 AS DOUBLE)) AS "both"
    FROM (
      SELECT
        "t4".*
        EXCLUDE ("lead_id_right")
      FROM (
        SELECT
          "t2"."lead_id",
          "t2"."segment_no",
          "t2"."disqualified_by",
          "t2"."fit_0",
          "t3"."lead_id" AS "lead_id_right",
          "t3"."event_sum"
        FROM "people" AS "t2"
        LEFT OUTER JOIN "engagement" AS "t3"
          ON "t2"."lead_id" = "t3"."lead_id"
      ) AS "t4"
    ) AS "t5"
  ) AS "t6"
), "graded" AS (
  SELECT
    "t6".*
    EXCLUDE ("segment_no")
  FROM (
    SELECT
      "t5"."lead_id",
      "t5"."segment_no",
      "t5"."disqualified_by",
      "t5"."fit",
      "t5"."engagement",
      "t5"."score",
      "t5"."as_of",
      CAST(NULL AS TEXT) AS "grade",
      CAST(NULL AS TEXT) AS "level",
      CAST(NULL AS TEXT) AS "segment",
      CAST(NULL AS TEXT) AS "priority",
      CASE
        WHEN "t5"."disqualified_by" IS NOT NULL
        THEN 'Disqualified'
        WHEN "t5"."score" >= CAST(30.0 AS DOUBLE)
        THEN 'MQL'
        WHEN "t5"."score" >= CAST(0.0 AS DOUBLE)
        THEN 'Lead'
        ELSE CAST(NULL AS TEXT)
      END AS "stage"
    FROM (
      SELECT
        "t4"."lead_id",
        "t4"."segment_no",
        "t4"."disqualified_by",
        "t4"."fit",
        "t4"."engagement",
        "t4"."score",
        "t2"."as_of"
      FROM (
        SELECT
          "t0"."lead_id",
          "t0"."segment_no",
          "t0"."disqualified_by",
          "t0"."fit",
          "t0"."engagement",
          "t0"."score"
        FROM "sums" AS "t0"
      ) AS "t4"
      CROSS JOIN "as_of" AS "t2"
    ) AS "t5"
  ) AS "t6"
), "rule_names" AS (
  SELECT
    CAST("rule" AS BIGINT) AS "rule",
    CAST("name" AS TEXT) AS "name"
  FROM (VALUES
    (0, 'Demo'),
    (1, 'Director')) AS t("rule", "name")
), "wide_rules" AS (
  SELECT
    CAST("rule" AS BIGINT) AS "rule"
  FROM (VALUES
    (1)) AS t("rule")
), "rule_keys" AS (
  SELECT
    *
  FROM (
    SELECT
      "t8"."lead_id",
      "t8"."key"
    FROM (
      SELECT
        "t5"."lead_id",
        CAST(ROUND(
          CASE
            WHEN CASE
              WHEN "t5"."points" IS NULL
              THEN "t5"."points"
              ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
            END IS NULL
            THEN CASE
              WHEN "t5"."points" IS NULL
              THEN "t5"."points"
              ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
            END
            ELSE GREATEST(
              -CAST(100000000000.0 AS DOUBLE),
              CASE
                WHEN "t5"."points" IS NULL
                THEN "t5"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
              END
            )
          END * 10,
          0
        ) AS BIGINT) AS "tenths",
        (
          CAST(ROUND(
            CASE
              WHEN CASE
                WHEN "t5"."points" IS NULL
                THEN "t5"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
              END IS NULL
              THEN CASE
                WHEN "t5"."points" IS NULL
                THEN "t5"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
              END
              ELSE GREATEST(
                -CAST(100000000000.0 AS DOUBLE),
                CASE
                  WHEN "t5"."points" IS NULL
                  THEN "t5"."points"
                  ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t5"."points")
                END
              )
            END * 10,
            0
          ) AS BIGINT) * 10
        ) + (
          9 - "t5"."rule"
        ) AS "key"
      FROM (
        SELECT
          "t3"."lead_id",
          "t4"."rule",
          CASE WHEN "t4"."rule" = 1 THEN "t3"."fit_0" ELSE CAST(0.0 AS DOUBLE) END AS "points"
        FROM "sums" AS "t3"
        CROSS JOIN "wide_rules" AS "t4"
      ) AS "t5"
    ) AS "t8"
    WHERE
      "t8"."tenths" <> 0
  ) AS "t9"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t6"."lead_id",
      "t6"."key"
    FROM (
      SELECT
        "t0"."lead_id",
        CAST(ROUND(
          CASE
            WHEN CASE
              WHEN "t0"."points" IS NULL
              THEN "t0"."points"
              ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
            END IS NULL
            THEN CASE
              WHEN "t0"."points" IS NULL
              THEN "t0"."points"
              ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
            END
            ELSE GREATEST(
              -CAST(100000000000.0 AS DOUBLE),
              CASE
                WHEN "t0"."points" IS NULL
                THEN "t0"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
              END
            )
          END * 10,
          0
        ) AS BIGINT) AS "tenths",
        (
          CAST(ROUND(
            CASE
              WHEN CASE
                WHEN "t0"."points" IS NULL
                THEN "t0"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
              END IS NULL
              THEN CASE
                WHEN "t0"."points" IS NULL
                THEN "t0"."points"
                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
              END
              ELSE GREATEST(
                -CAST(100000000000.0 AS DOUBLE),
                CASE
                  WHEN "t0"."points" IS NULL
                  THEN "t0"."points"
                  ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t0"."points")
                END
              )
            END * 10,
            0
          ) AS BIGINT) * 10
        ) + (
          9 - CAST("t0"."rule" AS BIGINT)
        ) AS "key"
      FROM "event_points" AS "t0"
    ) AS "t6"
    WHERE
      "t6"."tenths" <> 0
  ) AS "t7"
), "reasons" AS (
  SELECT
    "t27"."lead_id",
    NULLIF(
      SUBSTRING(
        '' || COALESCE(
          '; ' || CASE WHEN "t27"."up_0_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t27"."up_0_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t27"."up_0_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t27"."up_0_tenths" / 10 AS TEXT)
          END || ' ' || "t27"."up_0_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t27"."up_1_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t27"."up_1_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t27"."up_1_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t27"."up_1_tenths" / 10 AS TEXT)
          END || ' ' || "t27"."up_1_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t27"."up_2_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t27"."up_2_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t27"."up_2_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t27"."up_2_tenths" / 10 AS TEXT)
          END || ' ' || "t27"."up_2_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t27"."down_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t27"."down_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t27"."down_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t27"."down_tenths" / 10 AS TEXT)
          END || ' ' || "t27"."down_name",
          ''
        ),
        CASE
          WHEN (
            2 + 1
          ) >= 1
          THEN 2 + 1
          ELSE 2 + 1 + LENGTH(
            '' || COALESCE(
              '; ' || CASE WHEN "t27"."up_0_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t27"."up_0_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t27"."up_0_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t27"."up_0_tenths" / 10 AS TEXT)
              END || ' ' || "t27"."up_0_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t27"."up_1_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t27"."up_1_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t27"."up_1_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t27"."up_1_tenths" / 10 AS TEXT)
              END || ' ' || "t27"."up_1_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t27"."up_2_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t27"."up_2_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t27"."up_2_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t27"."up_2_tenths" / 10 AS TEXT)
              END || ' ' || "t27"."up_2_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t27"."down_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t27"."down_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t27"."down_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t27"."down_tenths" / 10 AS TEXT)
              END || ' ' || "t27"."down_name",
              ''
            )
          )
        END
      ),
      ''
    ) AS "reasons"
  FROM (
    SELECT
      "t26".*
      EXCLUDE ("down_rule_right")
    FROM (
      SELECT
        "t25"."lead_id",
        "t25"."up_0",
        "t25"."up_1",
        "t25"."up_2",
        "t25"."down",
        "t25"."up_0_tenths",
        "t25"."up_0_rule",
        "t25"."up_0_name",
        "t25"."up_1_tenths",
        "t25"."up_1_rule",
        "t25"."up_1_name",
        "t25"."up_2_tenths",
        "t25"."up_2_rule",
        "t25"."up_2_name",
        "t25"."down_tenths",
        "t25"."down_rule",
        "t6"."down_rule" AS "down_rule_right",
        "t6"."down_name"
      FROM (
        SELECT
          "t23"."lead_id",
          "t23"."up_0",
          "t23"."up_1",
          "t23"."up_2",
          "t23"."down",
          "t23"."up_0_tenths",
          "t23"."up_0_rule",
          "t23"."up_0_name",
          "t23"."up_1_tenths",
          "t23"."up_1_rule",
          "t23"."up_1_name",
          "t23"."up_2_tenths",
          "t23"."up_2_rule",
          "t23"."up_2_name",
          CAST(FLOOR("t23"."down" / 10) AS BIGINT) AS "down_tenths",
          9 - (
            "t23"."down" - (
              CAST(FLOOR("t23"."down" / 10) AS BIGINT) * 10
            )
          ) AS "down_rule"
        FROM (
          SELECT
            "t22".*
            EXCLUDE ("up_2_rule_right")
          FROM (
            SELECT
              "t21"."lead_id",
              "t21"."up_0",
              "t21"."up_1",
              "t21"."up_2",
              "t21"."down",
              "t21"."up_0_tenths",
              "t21"."up_0_rule",
              "t21"."up_0_name",
              "t21"."up_1_tenths",
              "t21"."up_1_rule",
              "t21"."up_1_name",
              "t21"."up_2_tenths",
              "t21"."up_2_rule",
              "t7"."up_2_rule" AS "up_2_rule_right",
              "t7"."up_2_name"
            FROM (
              SELECT
                "t19"."lead_id",
                "t19"."up_0",
                "t19"."up_1",
                "t19"."up_2",
                "t19"."down",
                "t19"."up_0_tenths",
                "t19"."up_0_rule",
                "t19"."up_0_name",
                "t19"."up_1_tenths",
                "t19"."up_1_rule",
                "t19"."up_1_name",
                CAST(FLOOR("t19"."up_2" / 10) AS BIGINT) AS "up_2_tenths",
                9 - (
                  "t19"."up_2" - (
                    CAST(FLOOR("t19"."up_2" / 10) AS BIGINT) * 10
                  )
                ) AS "up_2_rule"
              FROM (
                SELECT
                  "t18".*
                  EXCLUDE ("up_1_rule_right")
                FROM (
                  SELECT
                    "t17"."lead_id",
                    "t17"."up_0",
                    "t17"."up_1",
                    "t17"."up_2",
                    "t17"."down",
                    "t17"."up_0_tenths",
                    "t17"."up_0_rule",
                    "t17"."up_0_name",
                    "t17"."up_1_tenths",
                    "t17"."up_1_rule",
                    "t8"."up_1_rule" AS "up_1_rule_right",
                    "t8"."up_1_name"
                  FROM (
                    SELECT
                      "t15"."lead_id",
                      "t15"."up_0",
                      "t15"."up_1",
                      "t15"."up_2",
                      "t15"."down",
                      "t15"."up_0_tenths",
                      "t15"."up_0_rule",
                      "t15"."up_0_name",
                      CAST(FLOOR("t15"."up_1" / 10) AS BIGINT) AS "up_1_tenths",
                      9 - (
                        "t15"."up_1" - (
                          CAST(FLOOR("t15"."up_1" / 10) AS BIGINT) * 10
                        )
                      ) AS "up_1_rule"
                    FROM (
                      SELECT
                        "t14".*
                        EXCLUDE ("up_0_rule_right")
                      FROM (
                        SELECT
                          "t13"."lead_id",
                          "t13"."up_0",
                          "t13"."up_1",
                          "t13"."up_2",
                          "t13"."down",
                          "t13"."up_0_tenths",
                          "t13"."up_0_rule",
                          "t9"."up_0_rule" AS "up_0_rule_right",
                          "t9"."up_0_name"
                        FROM (
                          SELECT
                            "t11"."lead_id",
                            "t11"."up_0",
                            "t11"."up_1",
                            "t11"."up_2",
                            CASE WHEN "t11"."down" < 0 THEN "t11"."down" ELSE NULL END AS "down",
                            CAST(FLOOR("t11"."up_0" / 10) AS BIGINT) AS "up_0_tenths",
                            9 - (
                              "t11"."up_0" - (
                                CAST(FLOOR("t11"."up_0" / 10) AS BIGINT) * 10
                              )
                            ) AS "up_0_rule"
                          FROM (
                            SELECT
                              "t10"."lead_id",
                              MAX("t10"."key") FILTER(WHERE
                                (
                                  "t10"."place" = 0
                                ) AND (
                                  "t10"."key" > 0
                                )) AS "up_0",
                              MAX("t10"."key") FILTER(WHERE
                                (
                                  "t10"."place" = 1
                                ) AND (
                                  "t10"."key" > 0
                                )) AS "up_1",
                              MAX("t10"."key") FILTER(WHERE
                                (
                                  "t10"."place" = 2
                                ) AND (
                                  "t10"."key" > 0
                                )) AS "up_2",
                              NULLIF(MIN("t10"."key"), 0) AS "down"
                            FROM (
                              SELECT
                                "t1"."lead_id",
                                "t1"."key",
                                ROW_NUMBER() OVER (
                                  PARTITION BY "t1"."lead_id"
                                  ORDER BY "t1"."key" DESC
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                                ) - 1 AS "place"
                              FROM "rule_keys" AS "t1"
                            ) AS "t10"
                            GROUP BY
                              1
                          ) AS "t11"
                        ) AS "t13"
                        LEFT OUTER JOIN (
                          SELECT
                            "t0"."rule" AS "up_0_rule",
                            "t0"."name" AS "up_0_name"
                          FROM "rule_names" AS "t0"
                        ) AS "t9"
                          ON "t13"."up_0_rule" = "t9"."up_0_rule"
                      ) AS "t14"
                    ) AS "t15"
                  ) AS "t17"
                  LEFT OUTER JOIN (
                    SELECT
                      "t0"."rule" AS "up_1_rule",
                      "t0"."name" AS "up_1_name"
                    FROM "rule_names" AS "t0"
                  ) AS "t8"
                    ON "t17"."up_1_rule" = "t8"."up_1_rule"
                ) AS "t18"
              ) AS "t19"
            ) AS "t21"
            LEFT OUTER JOIN (
              SELECT
                "t0"."rule" AS "up_2_rule",
                "t0"."name" AS "up_2_name"
              FROM "rule_names" AS "t0"
            ) AS "t7"
              ON "t21"."up_2_rule" = "t7"."up_2_rule"
          ) AS "t22"
        ) AS "t23"
      ) AS "t25"
      LEFT OUTER JOIN (
        SELECT
          "t0"."rule" AS "down_rule",
          "t0"."name" AS "down_name"
        FROM "rule_names" AS "t0"
      ) AS "t6"
        ON "t25"."down_rule" = "t6"."down_rule"
    ) AS "t26"
  ) AS "t27"
), "scores" AS (
  SELECT
    "t5"."lead_id",
    "t5"."score",
    "t5"."fit",
    "t5"."engagement",
    "t5"."grade",
    "t5"."level",
    "t5"."priority",
    "t5"."stage",
    "t5"."segment",
    (
      RANK() OVER (
        ORDER BY "t5"."score" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "rank",
    (
      (
        COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - (
          RANK() OVER (
            ORDER BY "t5"."score" DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) - 1
        )
      ) / COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ) * 100 AS "percentile",
    "t5"."disqualified_by",
    COALESCE('Disqualified: ' || "t5"."disqualified_by", "t5"."reasons") AS "reasons",
    'Small' AS "model",
    '4616ba693140' AS "model_version",
    "t5"."as_of"
  FROM (
    SELECT
      "t4".*
      EXCLUDE ("lead_id_right")
    FROM (
      SELECT
        "t2"."lead_id",
        "t2"."disqualified_by",
        "t2"."fit",
        "t2"."engagement",
        "t2"."score",
        "t2"."as_of",
        "t2"."grade",
        "t2"."level",
        "t2"."segment",
        "t2"."priority",
        "t2"."stage",
        "t3"."lead_id" AS "lead_id_right",
        "t3"."reasons"
      FROM "graded" AS "t2"
      LEFT OUTER JOIN "reasons" AS "t3"
        ON "t2"."lead_id" = "t3"."lead_id"
    ) AS "t4"
  ) AS "t5"
)
SELECT
  *
FROM "scores";
