-- scores by Scoville: Small, version 4616ba693140. Reads leads, events.
WITH as_of AS (
  /* the instant that the scores speak of, in UTC */
  SELECT
    CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS TIMESTAMP(6)) AS as_of
), clean_leads AS (
  /* your leads by the names and types of the model: change here what does not fit */
  SELECT
    TRIM(CAST(lead_id AS TEXT)) AS lead_id,
    CAST(title AS TEXT) AS title,
    CAST(company AS TEXT) AS company
  FROM leads
), clean_events AS (
  /* your events likewise; instants in UTC */
  SELECT
    TRIM(CAST(lead_id AS TEXT)) AS lead_id,
    CAST(event AS TEXT) AS event,
    CAST(occurred_at AS TIMESTAMP(6)) AS occurred_at
  FROM events
), traits AS (
  /* what the model reads of each lead */
  SELECT
    t0.lead_id,
    NULLIF(
      TRIM(t0.company, (
        ' ' || CHR(9) || CHR(10) || CHR(13) || CHR(11) || CHR(12)
      )),
      ''
    ) AS trait_company,
    NULLIF(
      TRIM(t0.title, (
        ' ' || CHR(9) || CHR(10) || CHR(13) || CHR(11) || CHR(12)
      )),
      ''
    ) AS trait_title
  FROM clean_leads AS t0
), people AS (
  /* the segment, the qualification and the points of each fit rule */
  SELECT
    t0.lead_id,
    0 AS segment_no,
    CASE
      WHEN COALESCE(
        LOWER(
          TRIM(t0.trait_company, (
            ' ' || CHR(9) || CHR(10) || CHR(13) || CHR(11) || CHR(12)
          ))
        ) = 'rival',
        FALSE
      )
      THEN 'Competitor'
      ELSE CAST(NULL AS TEXT)
    END AS disqualified_by,
    CASE
      WHEN COALESCE(
        LOWER(
          TRIM(t0.trait_title, (
            ' ' || CHR(9) || CHR(10) || CHR(13) || CHR(11) || CHR(12)
          ))
        ) = 'director',
        FALSE
      )
      THEN CAST(15.0 AS DOUBLE)
      ELSE CAST(0.0 AS DOUBLE)
    END AS fit_0
  FROM traits AS t0
), event_rules AS (
  /* the rules about events, as a table */
  SELECT
    CAST(rule AS SMALLINT) AS rule,
    CAST(name AS TEXT) AS name,
    CAST(points AS DOUBLE) AS points,
    CAST(repeat AS DOUBLE) AS repeat,
    CAST(lowest AS DOUBLE) AS lowest,
    CAST(highest AS DOUBLE) AS highest,
    CAST(window_us AS BIGINT) AS window_us,
    CAST(decay AS TEXT) AS decay,
    CAST(span_us AS BIGINT) AS span_us,
    CAST(share AS DOUBLE) AS share,
    CAST(at_most AS BIGINT) AS at_most,
    CAST(per_day AS BIGINT) AS per_day
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
    )) AS t(rule, name, points, repeat, lowest, highest, window_us, decay, span_us, share, at_most, per_day)
), rule_events AS (
  SELECT
    CAST(rule AS SMALLINT) AS rule,
    CAST(event AS TEXT) AS event
  FROM (VALUES
    (0, 'demo')) AS t(rule, event)
), met_1 AS (
  SELECT
    *
  FROM clean_events AS t0
), met AS (
  /* the events that a rule looks at */
  SELECT
    t4.lead_id,
    t2.rule,
    t4.occurred_at
  FROM met_1 AS t4
  INNER JOIN rule_events AS t2
    ON t4.event = t2.event
), hits_1 AS (
  SELECT
    t3.lead_id,
    t3.rule,
    t3.occurred_at,
    t4.name,
    t4.points,
    t4.repeat,
    t4.lowest,
    t4.highest,
    t4.window_us,
    t4.decay,
    t4.span_us,
    t4.share,
    t4.at_most,
    t4.per_day,
    t5.as_of
  FROM met AS t3
  INNER JOIN event_rules AS t4
    ON t3.rule = t4.rule
  CROSS JOIN as_of AS t5
), hits AS (
  /* their age and what each of them weighs */
  SELECT
    t6.lead_id,
    t6.rule,
    t6.occurred_at,
    DATE_DIFF('MICROSECOND', t6.occurred_at, t6.as_of) AS age_us,
    EXP(
      -(
        (
          DATE_DIFF('MICROSECOND', t6.occurred_at, t6.as_of) / t6.span_us
        ) * CAST(0.6931471805599453 AS DOUBLE)
      )
    ) AS amount
  FROM hits_1 AS t6
  WHERE
    DATE_DIFF('MICROSECOND', t6.occurred_at, t6.as_of) >= 0
), rule_totals AS (
  SELECT
    t0.lead_id,
    t0.rule,
    COUNT(*) AS matched,
    SUM(t0.amount) AS total,
    MIN(t0.age_us) AS age_us,
    MAX(t0.occurred_at) AS newest_at
  FROM hits AS t0
  GROUP BY
    1,
    2
), event_points_1 AS (
  SELECT
    t2.lead_id,
    t2.rule,
    t2.matched,
    t2.total,
    t2.age_us,
    t2.newest_at,
    t3.name,
    t3.points,
    t3.repeat,
    t3.lowest,
    t3.highest,
    t3.window_us,
    t3.decay,
    t3.span_us,
    t3.share,
    t3.at_most,
    t3.per_day
  FROM rule_totals AS t2
  INNER JOIN event_rules AS t3
    ON t2.rule = t3.rule
), event_points_2 AS (
  SELECT
    t4.lead_id,
    t4.rule,
    t4.matched,
    t4.total,
    t4.age_us,
    t4.newest_at,
    t4.name,
    t4.points,
    t4.repeat,
    t4.lowest,
    t4.highest,
    t4.window_us,
    t4.decay,
    t4.span_us,
    t4.share,
    t4.at_most,
    t4.per_day,
    EXP(-(
      (
        t4.age_us / t4.span_us
      ) * CAST(0.6931471805599453 AS DOUBLE)
    )) AS newest,
    (
      t4.points * EXP(-(
        (
          t4.age_us / t4.span_us
        ) * CAST(0.6931471805599453 AS DOUBLE)
      ))
    ) + (
      t4.repeat * (
        t4.total - EXP(-(
          (
            t4.age_us / t4.span_us
          ) * CAST(0.6931471805599453 AS DOUBLE)
        ))
      )
    ) AS raw_points
  FROM event_points_1 AS t4
), event_points AS (
  /* points of each lead and rule */
  SELECT
    t5.lead_id,
    t5.rule,
    t5.matched,
    t5.newest_at,
    t5.raw_points,
    LEAST(
      GREATEST(t5.raw_points, COALESCE(t5.lowest, t5.raw_points)),
      COALESCE(t5.highest, GREATEST(t5.raw_points, COALESCE(t5.lowest, t5.raw_points)))
    ) AS points
  FROM event_points_2 AS t5
), engagement_1 AS (
  SELECT
    t0.lead_id,
    t0.rule,
    t0.points,
    CAST(ROUND(
      LEAST(
        GREATEST(t0.points, -CAST(100000000000.0 AS DOUBLE)),
        CAST(100000000000.0 AS DOUBLE)
      ) * 10,
      0
    ) AS BIGINT) AS tenths
  FROM event_points AS t0
), engagement_2 AS (
  SELECT
    t1.lead_id,
    t1.rule,
    t1.points,
    CASE
      WHEN t1.tenths > 0
      THEN (
        t1.tenths * 10
      ) + (
        9 - t1.rule
      )
      WHEN t1.tenths < 0
      THEN (
        t1.tenths * 10
      ) - (
        9 - t1.rule
      )
      ELSE 0
    END AS key
  FROM engagement_1 AS t1
), engagement_3 AS (
  SELECT
    t2.lead_id,
    SUM(t2.points) AS event_sum,
    MAX(t2.key, 3) AS ups,
    MIN(t2.key) AS down
  FROM engagement_2 AS t2
  GROUP BY
    1
), engagement AS (
  SELECT
    t3.lead_id,
    t3.event_sum,
    LIST_EXTRACT(t3.ups, 1) AS up_0,
    LIST_EXTRACT(t3.ups, 2) AS up_1,
    LIST_EXTRACT(t3.ups, 3) AS up_2,
    t3.down
  FROM engagement_3 AS t3
), sums_1 AS (
  SELECT
    t2.lead_id,
    t2.segment_no,
    t2.disqualified_by,
    t2.fit_0,
    t3.lead_id AS lead_id_right,
    t3.event_sum,
    t3.up_0,
    t3.up_1,
    t3.up_2,
    t3.down
  FROM people AS t2
  LEFT OUTER JOIN engagement AS t3
    ON t2.lead_id = t3.lead_id
), sums_2 AS (
  SELECT
    t4.*
    EXCLUDE (lead_id_right)
  FROM sums_1 AS t4
), sums_3 AS (
  SELECT
    t5.lead_id,
    t5.segment_no,
    t5.disqualified_by,
    t5.fit_0,
    t5.event_sum,
    t5.up_0,
    t5.up_1,
    t5.up_2,
    t5.down,
    t5.fit_0 AS fit_sum,
    COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)) AS engagement_sum,
    LEAST(t5.fit_0, CAST(20.0 AS DOUBLE)) AS fit,
    COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)) AS engagement,
    LEAST(t5.fit_0, CAST(20.0 AS DOUBLE)) - t5.fit_0 AS cap_fit,
    COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)) - COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)) AS cap_engagement,
    LEAST(
      GREATEST(
        LEAST(t5.fit_0, CAST(20.0 AS DOUBLE)) + COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)),
        CAST(0.0 AS DOUBLE)
      ),
      CAST(100.0 AS DOUBLE)
    ) AS qualified_score,
    LEAST(t5.fit_0, CAST(20.0 AS DOUBLE)) + COALESCE(t5.event_sum, CAST(0.0 AS DOUBLE)) AS "both"
  FROM sums_2 AS t5
), sums AS (
  /* fit and engagement within their clamps, and what each clamp took */
  SELECT
    t6.lead_id,
    t6.segment_no,
    t6.disqualified_by,
    t6.fit_0,
    t6.cap_fit,
    t6.cap_engagement,
    t6.qualified_score - t6."both" AS cap_scale,
    CASE
      WHEN COALESCE(t6.disqualified_by, '') = 'Competitor'
      THEN CAST(0.0 AS DOUBLE) - t6.qualified_score
      ELSE CAST(0.0 AS DOUBLE)
    END AS disqualified_0,
    t6.fit,
    t6.engagement,
    t6.up_0,
    t6.up_1,
    t6.up_2,
    t6.down,
    CASE
      WHEN t6.disqualified_by IS NULL
      THEN t6.qualified_score
      ELSE CAST(0.0 AS DOUBLE)
    END AS score
  FROM sums_3 AS t6
), weighed_1 AS (
  SELECT
    t0.lead_id,
    t0.segment_no,
    t0.disqualified_by,
    t0.fit,
    t0.engagement,
    t0.score,
    COALESCE(t0.up_0, 0) AS up_0,
    COALESCE(t0.up_1, 0) AS up_1,
    COALESCE(t0.up_2, 0) AS up_2,
    COALESCE(t0.down, 0) AS down,
    CAST(ROUND(
      LEAST(
        GREATEST(t0.fit_0, -CAST(100000000000.0 AS DOUBLE)),
        CAST(100000000000.0 AS DOUBLE)
      ) * 10,
      0
    ) AS BIGINT) AS fit_0
  FROM sums AS t0
), weighed_2 AS (
  SELECT
    t1.lead_id,
    t1.segment_no,
    t1.disqualified_by,
    t1.fit,
    t1.engagement,
    t1.score,
    t1.up_0,
    t1.up_1,
    t1.up_2,
    t1.down,
    CASE
      WHEN t1.fit_0 > 0
      THEN (
        t1.fit_0 * 10
      ) + 8
      WHEN t1.fit_0 < 0
      THEN (
        t1.fit_0 * 10
      ) - 8
      ELSE 0
    END AS key_1
  FROM weighed_1 AS t1
), weighed_3 AS (
  SELECT
    t2.lead_id,
    t2.segment_no,
    t2.disqualified_by,
    t2.fit,
    t2.engagement,
    t2.score,
    t2.up_0,
    t2.up_1,
    t2.up_2,
    t2.down,
    t2.key_1,
    GREATEST(t2.up_0, t2.up_1, t2.up_2, t2.key_1, 0) AS best_0
  FROM weighed_2 AS t2
), weighed_4 AS (
  SELECT
    t3.lead_id,
    t3.segment_no,
    t3.disqualified_by,
    t3.fit,
    t3.engagement,
    t3.score,
    t3.up_0,
    t3.up_1,
    t3.up_2,
    t3.down,
    t3.key_1,
    t3.best_0,
    GREATEST(
      CASE WHEN t3.up_0 < t3.best_0 THEN t3.up_0 ELSE 0 END,
      CASE WHEN t3.up_1 < t3.best_0 THEN t3.up_1 ELSE 0 END,
      CASE WHEN t3.up_2 < t3.best_0 THEN t3.up_2 ELSE 0 END,
      CASE WHEN t3.key_1 < t3.best_0 THEN t3.key_1 ELSE 0 END,
      0
    ) AS best_1
  FROM weighed_3 AS t3
), weighed_5 AS (
  SELECT
    t4.lead_id,
    t4.segment_no,
    t4.disqualified_by,
    t4.fit,
    t4.engagement,
    t4.score,
    t4.up_0,
    t4.up_1,
    t4.up_2,
    t4.down,
    t4.key_1,
    t4.best_0,
    t4.best_1,
    GREATEST(
      CASE WHEN t4.up_0 < t4.best_1 THEN t4.up_0 ELSE 0 END,
      CASE WHEN t4.up_1 < t4.best_1 THEN t4.up_1 ELSE 0 END,
      CASE WHEN t4.up_2 < t4.best_1 THEN t4.up_2 ELSE 0 END,
      CASE WHEN t4.key_1 < t4.best_1 THEN t4.key_1 ELSE 0 END,
      0
    ) AS best_2
  FROM weighed_4 AS t4
), weighed AS (
  /* the score, and the rules that gave and took most */
  SELECT
    t5.lead_id,
    t5.segment_no,
    t5.disqualified_by,
    t5.fit,
    t5.engagement,
    t5.score,
    t5.best_0 AS up_0,
    t5.best_1 AS up_1,
    t5.best_2 AS up_2,
    -(
      GREATEST(-(
        t5.down
      ), -(
        t5.key_1
      ), 0)
    ) AS down
  FROM weighed_5 AS t5
), graded_1 AS (
  SELECT
    t2.lead_id,
    t2.segment_no,
    t2.disqualified_by,
    t2.fit,
    t2.engagement,
    t2.score,
    t2.up_0,
    t2.up_1,
    t2.up_2,
    t2.down,
    t3.as_of
  FROM weighed AS t2
  CROSS JOIN as_of AS t3
), graded_2 AS (
  SELECT
    t4.lead_id,
    t4.segment_no,
    t4.disqualified_by,
    t4.fit,
    t4.engagement,
    t4.score,
    t4.up_0,
    t4.up_1,
    t4.up_2,
    t4.down,
    t4.as_of,
    CAST(NULL AS TEXT) AS segment,
    CAST(NULL AS TEXT) AS grade,
    CAST(NULL AS TEXT) AS level,
    CAST(NULL AS TEXT) AS priority,
    CASE
      WHEN t4.disqualified_by IS NOT NULL
      THEN 'Disqualified'
      WHEN t4.score >= CAST(30.0 AS DOUBLE)
      THEN 'MQL'
      WHEN t4.score >= CAST(0.0 AS DOUBLE)
      THEN 'Lead'
      ELSE CAST(NULL AS TEXT)
    END AS stage
  FROM graded_1 AS t4
), graded AS (
  /* letters and words from numbers */
  SELECT
    t5.*
    EXCLUDE (segment_no)
  FROM graded_2 AS t5
), ranked_1 AS (
  SELECT
    t0.lead_id,
    t0.disqualified_by,
    t0.fit,
    t0.engagement,
    t0.score,
    t0.up_0,
    t0.up_1,
    t0.up_2,
    t0.down,
    t0.as_of,
    t0.segment,
    t0.grade,
    t0.level,
    t0.priority,
    t0.stage,
    (
      RANK() OVER (ORDER BY t0.score DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - 1
    ) + 1 AS rank,
    CAST(COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS DOUBLE) AS everyone
  FROM graded AS t0
), ranked_2 AS (
  SELECT
    t1.lead_id,
    t1.disqualified_by,
    t1.fit,
    t1.engagement,
    t1.score,
    t1.up_0,
    t1.up_1,
    t1.up_2,
    t1.down,
    t1.as_of,
    t1.segment,
    t1.grade,
    t1.level,
    t1.priority,
    t1.stage,
    t1.rank,
    t1.everyone,
    (
      (
        (
          t1.everyone - t1.rank
        ) + 1
      ) / t1.everyone
    ) * 100 AS percentile
  FROM ranked_1 AS t1
), ranked AS (
  /* rank and percentile */
  SELECT
    t2.*
    EXCLUDE (everyone)
  FROM ranked_2 AS t2
), rule_names AS (
  SELECT
    CAST(rule AS BIGINT) AS rule,
    CAST(name AS TEXT) AS name
  FROM (VALUES
    (0, 'Demo'),
    (1, 'Director')) AS t(rule, name)
), digits AS (
  SELECT
    CAST(digit AS BIGINT) AS digit
  FROM (VALUES
    (0),
    (1),
    (2),
    (3),
    (4),
    (5),
    (6),
    (7),
    (8),
    (9)) AS t(digit)
), endings AS (
  SELECT
    (
      t3.digit * 10
    ) + (
      9 - t2.rule
    ) AS key,
    CASE WHEN t3.digit = 0 THEN '' ELSE '.' || CAST(t3.digit AS TEXT) END || ' ' || t2.name AS ending
  FROM rule_names AS t2
  CROSS JOIN digits AS t3
), scores_1 AS (
  SELECT
    t0.key AS up_0_ends,
    t0.ending AS up_0_ending
  FROM endings AS t0
), scores_2 AS (
  SELECT
    t1.lead_id,
    t1.disqualified_by,
    t1.fit,
    t1.engagement,
    t1.score,
    t1.up_0,
    t1.up_1,
    t1.up_2,
    t1.down,
    t1.as_of,
    t1.segment,
    t1.grade,
    t1.level,
    t1.priority,
    t1.stage,
    t1.rank,
    t1.percentile,
    ABS(t1.up_0) % 100 AS up_0_ends
  FROM ranked AS t1
), scores_3 AS (
  SELECT
    t11.lead_id,
    t11.disqualified_by,
    t11.fit,
    t11.engagement,
    t11.score,
    t11.up_0,
    t11.up_1,
    t11.up_2,
    t11.down,
    t11.as_of,
    t11.segment,
    t11.grade,
    t11.level,
    t11.priority,
    t11.stage,
    t11.rank,
    t11.percentile,
    t11.up_0_ends,
    t9.up_0_ends AS up_0_ends_right,
    t9.up_0_ending
  FROM scores_2 AS t11
  LEFT OUTER JOIN scores_1 AS t9
    ON t11.up_0_ends = t9.up_0_ends
), scores_4 AS (
  SELECT
    t12.*
    EXCLUDE (up_0_ends_right)
  FROM scores_3 AS t12
), scores_5 AS (
  SELECT
    t0.key AS up_1_ends,
    t0.ending AS up_1_ending
  FROM endings AS t0
), scores_6 AS (
  SELECT
    t13.lead_id,
    t13.disqualified_by,
    t13.fit,
    t13.engagement,
    t13.score,
    t13.up_0,
    t13.up_1,
    t13.up_2,
    t13.down,
    t13.as_of,
    t13.segment,
    t13.grade,
    t13.level,
    t13.priority,
    t13.stage,
    t13.rank,
    t13.percentile,
    t13.up_0_ends,
    t13.up_0_ending,
    ABS(t13.up_1) % 100 AS up_1_ends
  FROM scores_4 AS t13
), scores_7 AS (
  SELECT
    t15.lead_id,
    t15.disqualified_by,
    t15.fit,
    t15.engagement,
    t15.score,
    t15.up_0,
    t15.up_1,
    t15.up_2,
    t15.down,
    t15.as_of,
    t15.segment,
    t15.grade,
    t15.level,
    t15.priority,
    t15.stage,
    t15.rank,
    t15.percentile,
    t15.up_0_ends,
    t15.up_0_ending,
    t15.up_1_ends,
    t8.up_1_ends AS up_1_ends_right,
    t8.up_1_ending
  FROM scores_6 AS t15
  LEFT OUTER JOIN scores_5 AS t8
    ON t15.up_1_ends = t8.up_1_ends
), scores_8 AS (
  SELECT
    t16.*
    EXCLUDE (up_1_ends_right)
  FROM scores_7 AS t16
), scores_9 AS (
  SELECT
    t0.key AS up_2_ends,
    t0.ending AS up_2_ending
  FROM endings AS t0
), scores_10 AS (
  SELECT
    t17.lead_id,
    t17.disqualified_by,
    t17.fit,
    t17.engagement,
    t17.score,
    t17.up_0,
    t17.up_1,
    t17.up_2,
    t17.down,
    t17.as_of,
    t17.segment,
    t17.grade,
    t17.level,
    t17.priority,
    t17.stage,
    t17.rank,
    t17.percentile,
    t17.up_0_ends,
    t17.up_0_ending,
    t17.up_1_ends,
    t17.up_1_ending,
    ABS(t17.up_2) % 100 AS up_2_ends
  FROM scores_8 AS t17
), scores_11 AS (
  SELECT
    t19.lead_id,
    t19.disqualified_by,
    t19.fit,
    t19.engagement,
    t19.score,
    t19.up_0,
    t19.up_1,
    t19.up_2,
    t19.down,
    t19.as_of,
    t19.segment,
    t19.grade,
    t19.level,
    t19.priority,
    t19.stage,
    t19.rank,
    t19.percentile,
    t19.up_0_ends,
    t19.up_0_ending,
    t19.up_1_ends,
    t19.up_1_ending,
    t19.up_2_ends,
    t7.up_2_ends AS up_2_ends_right,
    t7.up_2_ending
  FROM scores_10 AS t19
  LEFT OUTER JOIN scores_9 AS t7
    ON t19.up_2_ends = t7.up_2_ends
), scores_12 AS (
  SELECT
    t20.*
    EXCLUDE (up_2_ends_right)
  FROM scores_11 AS t20
), scores_13 AS (
  SELECT
    t0.key AS down_ends,
    t0.ending AS down_ending
  FROM endings AS t0
), scores_14 AS (
  SELECT
    t21.lead_id,
    t21.disqualified_by,
    t21.fit,
    t21.engagement,
    t21.score,
    t21.up_0,
    t21.up_1,
    t21.up_2,
    t21.down,
    t21.as_of,
    t21.segment,
    t21.grade,
    t21.level,
    t21.priority,
    t21.stage,
    t21.rank,
    t21.percentile,
    t21.up_0_ends,
    t21.up_0_ending,
    t21.up_1_ends,
    t21.up_1_ending,
    t21.up_2_ends,
    t21.up_2_ending,
    ABS(t21.down) % 100 AS down_ends
  FROM scores_12 AS t21
), scores_15 AS (
  SELECT
    t23.lead_id,
    t23.disqualified_by,
    t23.fit,
    t23.engagement,
    t23.score,
    t23.up_0,
    t23.up_1,
    t23.up_2,
    t23.down,
    t23.as_of,
    t23.segment,
    t23.grade,
    t23.level,
    t23.priority,
    t23.stage,
    t23.rank,
    t23.percentile,
    t23.up_0_ends,
    t23.up_0_ending,
    t23.up_1_ends,
    t23.up_1_ending,
    t23.up_2_ends,
    t23.up_2_ending,
    t23.down_ends,
    t6.down_ends AS down_ends_right,
    t6.down_ending
  FROM scores_14 AS t23
  LEFT OUTER JOIN scores_13 AS t6
    ON t23.down_ends = t6.down_ends
), scores_16 AS (
  SELECT
    t24.*
    EXCLUDE (down_ends_right)
  FROM scores_15 AS t24
), scores AS (
  /* one row for each lead */
  SELECT
    t25.lead_id,
    t25.score,
    t25.fit,
    t25.engagement,
    t25.grade,
    t25.level,
    t25.priority,
    t25.stage,
    t25.segment,
    t25.rank,
    t25.percentile,
    t25.disqualified_by,
    COALESCE(
      'Disqualified: ' || t25.disqualified_by,
      NULLIF(
        SUBSTRING(
          COALESCE(
            '; +' || CAST(CAST(FLOOR(ABS(t25.up_0) / 100) AS BIGINT) AS TEXT) || t25.up_0_ending,
            ''
          ) || COALESCE(
            '; +' || CAST(CAST(FLOOR(ABS(t25.up_1) / 100) AS BIGINT) AS TEXT) || t25.up_1_ending,
            ''
          ) || COALESCE(
            '; +' || CAST(CAST(FLOOR(ABS(t25.up_2) / 100) AS BIGINT) AS TEXT) || t25.up_2_ending,
            ''
          ) || COALESCE(
            '; -' || CAST(CAST(FLOOR(ABS(t25.down) / 100) AS BIGINT) AS TEXT) || t25.down_ending,
            ''
          ),
          CASE
            WHEN (
              2 + 1
            ) >= 1
            THEN 2 + 1
            ELSE 2 + 1 + LENGTH(
              COALESCE(
                '; +' || CAST(CAST(FLOOR(ABS(t25.up_0) / 100) AS BIGINT) AS TEXT) || t25.up_0_ending,
                ''
              ) || COALESCE(
                '; +' || CAST(CAST(FLOOR(ABS(t25.up_1) / 100) AS BIGINT) AS TEXT) || t25.up_1_ending,
                ''
              ) || COALESCE(
                '; +' || CAST(CAST(FLOOR(ABS(t25.up_2) / 100) AS BIGINT) AS TEXT) || t25.up_2_ending,
                ''
              ) || COALESCE(
                '; -' || CAST(CAST(FLOOR(ABS(t25.down) / 100) AS BIGINT) AS TEXT) || t25.down_ending,
                ''
              )
            )
          END
        ),
        ''
      )
    ) AS reasons,
    'Small' AS model,
    '4616ba693140' AS model_version,
    t25.as_of
  FROM scores_16 AS t25
)
SELECT
  *
FROM scores;
