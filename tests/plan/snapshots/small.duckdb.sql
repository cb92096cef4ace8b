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
    "t0"."lead_id",
    0 AS "segment_no",
    CASE
      WHEN COALESCE(LOWER(TRIM("t0"."trait.company", ' 	
')) = 'rival', FALSE)
      THEN 'Competitor'
      ELSE CAST(NULL AS TEXT)
    END AS "disqualified_by",
    CASE
      WHEN COALESCE(LOWER(TRIM("t0"."trait.title", ' 	
')) = 'director', FALSE)
      THEN CAST(15.0 AS DOUBLE)
      ELSE CAST(0.0 AS DOUBLE)
    END AS "fit_0"
  FROM "traits" AS "t0"
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
), "met" AS (
  SELECT
    "t4"."lead_id",
    "t2"."rule",
    "t4"."occurred_at"
  FROM (
    SELECT
      *
    FROM "events" AS "t0"
  ) AS "t4"
  INNER JOIN "rule_events" AS "t2"
    ON "t4"."event" = "t2"."event"
), "hits" AS (
  SELECT
    "t6"."lead_id",
    "t6"."rule",
    "t6"."occurred_at",
    DATE_DIFF('MICROSECOND', "t6"."occurred_at", "t6"."as_of") AS "age_us",
    EXP(
      -(
        (
          DATE_DIFF('MICROSECOND', "t6"."occurred_at", "t6"."as_of") / "t6"."span_us"
        ) * CAST(0.6931471805599453 AS DOUBLE)
      )
    ) AS "amount"
  FROM (
    SELECT
      "t3"."lead_id",
      "t3"."rule",
      "t3"."occurred_at",
      "t4"."name",
      "t4"."points",
      "t4"."repeat",
      "t4"."lowest",
      "t4"."highest",
      "t4"."window_us",
      "t4"."decay",
      "t4"."span_us",
      "t4"."share",
      "t4"."at_most",
      "t4"."per_day",
      "t5"."as_of"
    FROM "met" AS "t3"
    INNER JOIN "event_rules" AS "t4"
      ON "t3"."rule" = "t4"."rule"
    CROSS JOIN "as_of" AS "t5"
  ) AS "t6"
  WHERE
    DATE_DIFF('MICROSECOND', "t6"."occurred_at", "t6"."as_of") >= 0
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
), "event_reasons" AS (
  SELECT
    "t3"."lead_id",
    MAX("t3"."key") FILTER(WHERE
      "t3"."place" = 0) AS "up_0",
    MAX("t3"."key") FILTER(WHERE
      "t3"."place" = 1) AS "up_1",
    MAX("t3"."key") FILTER(WHERE
      "t3"."place" = 2) AS "up_2",
    MIN("t3"."key") AS "down"
  FROM (
    SELECT
      "t2"."lead_id",
      "t2"."key",
      ROW_NUMBER() OVER (
        PARTITION BY "t2"."lead_id"
        ORDER BY "t2"."key" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "place"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t0"."lead_id",
          CASE
            WHEN CAST(ROUND(
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
            ) AS BIGINT) = 0
            THEN 0
            ELSE (
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
            )
          END AS "key"
        FROM "event_points" AS "t0"
      ) AS "t1"
      WHERE
        "t1"."key" <> 0
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    1
), "reasons" AS (
  SELECT
    "t34"."lead_id",
    NULLIF(
      SUBSTRING(
        '' || COALESCE(
          '; ' || CASE WHEN "t34"."up_0_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t34"."up_0_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t34"."up_0_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t34"."up_0_tenths" / 10 AS TEXT)
          END || ' ' || "t34"."up_0_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t34"."up_1_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t34"."up_1_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t34"."up_1_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t34"."up_1_tenths" / 10 AS TEXT)
          END || ' ' || "t34"."up_1_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t34"."up_2_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t34"."up_2_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t34"."up_2_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t34"."up_2_tenths" / 10 AS TEXT)
          END || ' ' || "t34"."up_2_name",
          ''
        ) || COALESCE(
          '; ' || CASE WHEN "t34"."down_tenths" > 0 THEN '+' ELSE '' END || CASE
            WHEN (
              "t34"."down_tenths" % 10
            ) = 0
            THEN CAST(CAST(FLOOR("t34"."down_tenths" / 10) AS BIGINT) AS TEXT)
            ELSE CAST("t34"."down_tenths" / 10 AS TEXT)
          END || ' ' || "t34"."down_name",
          ''
        ),
        CASE
          WHEN (
            2 + 1
          ) >= 1
          THEN 2 + 1
          ELSE 2 + 1 + LENGTH(
            '' || COALESCE(
              '; ' || CASE WHEN "t34"."up_0_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t34"."up_0_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t34"."up_0_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t34"."up_0_tenths" / 10 AS TEXT)
              END || ' ' || "t34"."up_0_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t34"."up_1_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t34"."up_1_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t34"."up_1_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t34"."up_1_tenths" / 10 AS TEXT)
              END || ' ' || "t34"."up_1_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t34"."up_2_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t34"."up_2_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t34"."up_2_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t34"."up_2_tenths" / 10 AS TEXT)
              END || ' ' || "t34"."up_2_name",
              ''
            ) || COALESCE(
              '; ' || CASE WHEN "t34"."down_tenths" > 0 THEN '+' ELSE '' END || CASE
                WHEN (
                  "t34"."down_tenths" % 10
                ) = 0
                THEN CAST(CAST(FLOOR("t34"."down_tenths" / 10) AS BIGINT) AS TEXT)
                ELSE CAST("t34"."down_tenths" / 10 AS TEXT)
              END || ' ' || "t34"."down_name",
              ''
            )
          )
        END
      ),
      ''
    ) AS "reasons"
  FROM (
    SELECT
      "t33".*
      EXCLUDE ("down_rule_right")
    FROM (
      SELECT
        "t32"."lead_id",
        "t32"."up_0",
        "t32"."up_1",
        "t32"."up_2",
        "t32"."down",
        "t32"."up_0_tenths",
        "t32"."up_0_rule",
        "t32"."up_0_name",
        "t32"."up_1_tenths",
        "t32"."up_1_rule",
        "t32"."up_1_name",
        "t32"."up_2_tenths",
        "t32"."up_2_rule",
        "t32"."up_2_name",
        "t32"."down_tenths",
        "t32"."down_rule",
        "t8"."down_rule" AS "down_rule_right",
        "t8"."down_name"
      FROM (
        SELECT
          "t30"."lead_id",
          "t30"."up_0",
          "t30"."up_1",
          "t30"."up_2",
          "t30"."down",
          "t30"."up_0_tenths",
          "t30"."up_0_rule",
          "t30"."up_0_name",
          "t30"."up_1_tenths",
          "t30"."up_1_rule",
          "t30"."up_1_name",
          "t30"."up_2_tenths",
          "t30"."up_2_rule",
          "t30"."up_2_name",
          CAST(FLOOR("t30"."down" / 10) AS BIGINT) AS "down_tenths",
          9 - (
            "t30"."down" - (
              CAST(FLOOR("t30"."down" / 10) AS BIGINT) * 10
            )
          ) AS "down_rule"
        FROM (
          SELECT
            "t29".*
            EXCLUDE ("up_2_rule_right")
          FROM (
            SELECT
              "t28"."lead_id",
              "t28"."up_0",
              "t28"."up_1",
              "t28"."up_2",
              "t28"."down",
              "t28"."up_0_tenths",
              "t28"."up_0_rule",
              "t28"."up_0_name",
              "t28"."up_1_tenths",
              "t28"."up_1_rule",
              "t28"."up_1_name",
              "t28"."up_2_tenths",
              "t28"."up_2_rule",
              "t9"."up_2_rule" AS "up_2_rule_right",
              "t9"."up_2_name"
            FROM (
              SELECT
                "t26"."lead_id",
                "t26"."up_0",
                "t26"."up_1",
                "t26"."up_2",
                "t26"."down",
                "t26"."up_0_tenths",
                "t26"."up_0_rule",
                "t26"."up_0_name",
                "t26"."up_1_tenths",
                "t26"."up_1_rule",
                "t26"."up_1_name",
                CAST(FLOOR("t26"."up_2" / 10) AS BIGINT) AS "up_2_tenths",
                9 - (
                  "t26"."up_2" - (
                    CAST(FLOOR("t26"."up_2" / 10) AS BIGINT) * 10
                  )
                ) AS "up_2_rule"
              FROM (
                SELECT
                  "t25".*
                  EXCLUDE ("up_1_rule_right")
                FROM (
                  SELECT
                    "t24"."lead_id",
                    "t24"."up_0",
                    "t24"."up_1",
                    "t24"."up_2",
                    "t24"."down",
                    "t24"."up_0_tenths",
                    "t24"."up_0_rule",
                    "t24"."up_0_name",
                    "t24"."up_1_tenths",
                    "t24"."up_1_rule",
                    "t10"."up_1_rule" AS "up_1_rule_right",
                    "t10"."up_1_name"
                  FROM (
                    SELECT
                      "t22"."lead_id",
                      "t22"."up_0",
                      "t22"."up_1",
                      "t22"."up_2",
                      "t22"."down",
                      "t22"."up_0_tenths",
                      "t22"."up_0_rule",
                      "t22"."up_0_name",
                      CAST(FLOOR("t22"."up_1" / 10) AS BIGINT) AS "up_1_tenths",
                      9 - (
                        "t22"."up_1" - (
                          CAST(FLOOR("t22"."up_1" / 10) AS BIGINT) * 10
                        )
                      ) AS "up_1_rule"
                    FROM (
                      SELECT
                        "t21".*
                        EXCLUDE ("up_0_rule_right")
                      FROM (
                        SELECT
                          "t20"."lead_id",
                          "t20"."up_0",
                          "t20"."up_1",
                          "t20"."up_2",
                          "t20"."down",
                          "t20"."up_0_tenths",
                          "t20"."up_0_rule",
                          "t11"."up_0_rule" AS "up_0_rule_right",
                          "t11"."up_0_name"
                        FROM (
                          SELECT
                            "t18"."lead_id",
                            NULLIF("t18"."best_0", 0) AS "up_0",
                            NULLIF("t18"."best_1", 0) AS "up_1",
                            NULLIF(
                              GREATEST(
                                CASE WHEN "t18"."wide_0" < "t18"."best_1" THEN "t18"."wide_0" ELSE 0 END,
                                CASE WHEN "t18"."up_0" < "t18"."best_1" THEN "t18"."up_0" ELSE 0 END,
                                CASE WHEN "t18"."up_1" < "t18"."best_1" THEN "t18"."up_1" ELSE 0 END,
                                CASE WHEN "t18"."up_2" < "t18"."best_1" THEN "t18"."up_2" ELSE 0 END,
                                CASE WHEN "t18"."down" < "t18"."best_1" THEN "t18"."down" ELSE 0 END,
                                0
                              ),
                              0
                            ) AS "up_2",
                            NULLIF(
                              LEAST("t18"."wide_0", "t18"."up_0", "t18"."up_1", "t18"."up_2", "t18"."down", 0),
                              0
                            ) AS "down",
                            CAST(FLOOR(NULLIF("t18"."best_0", 0) / 10) AS BIGINT) AS "up_0_tenths",
                            9 - (
                              NULLIF("t18"."best_0", 0) - (
                                CAST(FLOOR(NULLIF("t18"."best_0", 0) / 10) AS BIGINT) * 10
                              )
                            ) AS "up_0_rule"
                          FROM (
                            SELECT
                              "t17"."lead_id",
                              "t17"."wide_0",
                              "t17"."up_0",
                              "t17"."up_1",
                              "t17"."up_2",
                              "t17"."down",
                              "t17"."best_0",
                              GREATEST(
                                CASE WHEN "t17"."wide_0" < "t17"."best_0" THEN "t17"."wide_0" ELSE 0 END,
                                CASE WHEN "t17"."up_0" < "t17"."best_0" THEN "t17"."up_0" ELSE 0 END,
                                CASE WHEN "t17"."up_1" < "t17"."best_0" THEN "t17"."up_1" ELSE 0 END,
                                CASE WHEN "t17"."up_2" < "t17"."best_0" THEN "t17"."up_2" ELSE 0 END,
                                CASE WHEN "t17"."down" < "t17"."best_0" THEN "t17"."down" ELSE 0 END,
                                0
                              ) AS "best_1"
                            FROM (
                              SELECT
                                "t16"."lead_id",
                                "t16"."wide_0",
                                "t16"."up_0",
                                "t16"."up_1",
                                "t16"."up_2",
                                "t16"."down",
                                GREATEST("t16"."wide_0", "t16"."up_0", "t16"."up_1", "t16"."up_2", "t16"."down", 0) AS "best_0"
                              FROM (
                                SELECT
                                  "t15"."lead_id",
                                  COALESCE("t15"."wide_0", 0) AS "wide_0",
                                  COALESCE("t15"."up_0", 0) AS "up_0",
                                  COALESCE("t15"."up_1", 0) AS "up_1",
                                  COALESCE("t15"."up_2", 0) AS "up_2",
                                  COALESCE("t15"."down", 0) AS "down"
                                FROM (
                                  SELECT
                                    "t14".*
                                    EXCLUDE ("lead_id_right")
                                  FROM (
                                    SELECT
                                      "t13"."lead_id",
                                      "t13"."wide_0",
                                      "t3"."lead_id" AS "lead_id_right",
                                      "t3"."up_0",
                                      "t3"."up_1",
                                      "t3"."up_2",
                                      "t3"."down"
                                    FROM (
                                      SELECT
                                        "t1"."lead_id",
                                        CASE
                                          WHEN CAST(ROUND(
                                            CASE
                                              WHEN CASE
                                                WHEN "t1"."fit_0" IS NULL
                                                THEN "t1"."fit_0"
                                                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                              END IS NULL
                                              THEN CASE
                                                WHEN "t1"."fit_0" IS NULL
                                                THEN "t1"."fit_0"
                                                ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                              END
                                              ELSE GREATEST(
                                                -CAST(100000000000.0 AS DOUBLE),
                                                CASE
                                                  WHEN "t1"."fit_0" IS NULL
                                                  THEN "t1"."fit_0"
                                                  ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                                END
                                              )
                                            END * 10,
                                            0
                                          ) AS BIGINT) = 0
                                          THEN 0
                                          ELSE (
                                            CAST(ROUND(
                                              CASE
                                                WHEN CASE
                                                  WHEN "t1"."fit_0" IS NULL
                                                  THEN "t1"."fit_0"
                                                  ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                                END IS NULL
                                                THEN CASE
                                                  WHEN "t1"."fit_0" IS NULL
                                                  THEN "t1"."fit_0"
                                                  ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                                END
                                                ELSE GREATEST(
                                                  -CAST(100000000000.0 AS DOUBLE),
                                                  CASE
                                                    WHEN "t1"."fit_0" IS NULL
                                                    THEN "t1"."fit_0"
                                                    ELSE LEAST(CAST(100000000000.0 AS DOUBLE), "t1"."fit_0")
                                                  END
                                                )
                                              END * 10,
                                              0
                                            ) AS BIGINT) * 10
                                          ) + 8
                                        END AS "wide_0"
                                      FROM "sums" AS "t1"
                                    ) AS "t13"
                                    LEFT OUTER JOIN "event_reasons" AS "t3"
                                      ON "t13"."lead_id" = "t3"."lead_id"
                                  ) AS "t14"
                                ) AS "t15"
                              ) AS "t16"
                            ) AS "t17"
                          ) AS "t18"
                        ) AS "t20"
                        LEFT OUTER JOIN (
                          SELECT
                            "t0"."rule" AS "up_0_rule",
                            "t0"."name" AS "up_0_name"
                          FROM "rule_names" AS "t0"
                        ) AS "t11"
                          ON "t20"."up_0_rule" = "t11"."up_0_rule"
                      ) AS "t21"
                    ) AS "t22"
                  ) AS "t24"
                  LEFT OUTER JOIN (
                    SELECT
                      "t0"."rule" AS "up_1_rule",
                      "t0"."name" AS "up_1_name"
                    FROM "rule_names" AS "t0"
                  ) AS "t10"
                    ON "t24"."up_1_rule" = "t10"."up_1_rule"
                ) AS "t25"
              ) AS "t26"
            ) AS "t28"
            LEFT OUTER JOIN (
              SELECT
                "t0"."rule" AS "up_2_rule",
                "t0"."name" AS "up_2_name"
              FROM "rule_names" AS "t0"
            ) AS "t9"
              ON "t28"."up_2_rule" = "t9"."up_2_rule"
          ) AS "t29"
        ) AS "t30"
      ) AS "t32"
      LEFT OUTER JOIN (
        SELECT
          "t0"."rule" AS "down_rule",
          "t0"."name" AS "down_name"
        FROM "rule_names" AS "t0"
      ) AS "t8"
        ON "t32"."down_rule" = "t8"."down_rule"
    ) AS "t33"
  ) AS "t34"
), "ranks" AS (
  SELECT
    "t2"."score",
    CAST((
      "t2"."everyone" - "t2"."up_to"
    ) + 1 AS BIGINT) AS "rank",
    (
      "t2"."up_to" / "t2"."everyone"
    ) * 100 AS "percentile"
  FROM (
    SELECT
      "t1"."score",
      "t1"."leads",
      SUM("t1"."leads") OVER (ORDER BY "t1"."score" ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS "up_to",
      SUM("t1"."leads") OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "everyone"
    FROM (
      SELECT
        "t0"."score",
        CAST(COUNT(*) AS DOUBLE) AS "leads"
      FROM "graded" AS "t0"
      GROUP BY
        1
    ) AS "t1"
  ) AS "t2"
), "scores" AS (
  SELECT
    "t8"."lead_id",
    "t8"."score",
    "t8"."fit",
    "t8"."engagement",
    "t8"."grade",
    "t8"."level",
    "t8"."priority",
    "t8"."stage",
    "t8"."segment",
    "t3"."rank",
    "t3"."percentile",
    "t8"."disqualified_by",
    COALESCE('Disqualified: ' || "t8"."disqualified_by", "t8"."reasons") AS "reasons",
    'Small' AS "model",
    '4616ba693140' AS "model_version",
    "t8"."as_of"
  FROM (
    SELECT
      "t6".*
      EXCLUDE ("lead_id_right")
    FROM (
      SELECT
        "t4"."lead_id",
        "t4"."disqualified_by",
        "t4"."fit",
        "t4"."engagement",
        "t4"."score",
        "t4"."as_of",
        "t4"."grade",
        "t4"."level",
        "t4"."segment",
        "t4"."priority",
        "t4"."stage",
        "t5"."lead_id" AS "lead_id_right",
        "t5"."reasons"
      FROM "graded" AS "t4"
      LEFT OUTER JOIN "reasons" AS "t5"
        ON "t4"."lead_id" = "t5"."lead_id"
    ) AS "t6"
  ) AS "t8"
  INNER JOIN "ranks" AS "t3"
    ON "t8"."score" = "t3"."score"
)
SELECT
  *
FROM "scores";
