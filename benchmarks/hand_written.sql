-- model.yaml by hand, for DuckDB and this model alone: the yardstick of the plan. Same inputs, columns and values.
--
-- What it knows and a general plan cannot: nine of the twelve rules give every event the same points, so they need one
-- sum and no newest event; only three rules can take points; all text of the data is folded in one way; a rule's number
-- fits below the tenths of its points in one small integer, so that reasons need no sorting of rows (`max(key, 3)`).
-- One pass with a filtered sum for each rule, instead of a group for each lead and rule, took the same time.
WITH hits AS (
  SELECT
    lead_id,
    epoch_us(as_of) - epoch_us(occurred_at) AS age_us,
    CASE event
      WHEN 'page_viewed' THEN CASE
        WHEN starts_with(lower(trim(path)), '/pricing') THEN 0
        WHEN starts_with(lower(trim(path)), '/careers') THEN 1
      END
      WHEN 'email_opened' THEN 2
      WHEN 'session_started' THEN 4
      WHEN 'feature_used' THEN 10
      WHEN 'email_clicked' THEN 3
      WHEN 'whitepaper_downloaded' THEN 5
      WHEN 'webinar_watched' THEN 6
      WHEN 'chat_started' THEN 8
      WHEN 'form_submitted' THEN 11
      WHEN 'demo_requested' THEN 7
      WHEN 'unsubscribed' THEN 9
    END::UTINYINT AS rule
  FROM events, as_of
  WHERE occurred_at <= as_of
),
totals AS (
  SELECT lead_id, rule, sum(weight) AS total, max(weight) AS newest
  FROM (
    SELECT
      lead_id,
      rule,
      CASE WHEN rule = 7 THEN greatest(1 - age_us / 5184e9, 0) ELSE exp(age_us * (-ln(2) / 2592e9)) END AS weight
    FROM hits
    WHERE rule IS NOT NULL
  )
  GROUP BY lead_id, rule
),
event_points AS (
  SELECT
    lead_id,
    rule,
    CASE rule
      WHEN 0 THEN least(5 * total + 5 * newest, 25)
      WHEN 1 THEN greatest(-5 * total, -15)
      WHEN 2 THEN total
      WHEN 3 THEN 3 * total
      WHEN 4 THEN least(total, 8)
      WHEN 5 THEN least(5 * total, 15)
      WHEN 6 THEN 8 * total
      WHEN 7 THEN 5 * total + 20 * newest
      WHEN 8 THEN 10 * total
      WHEN 9 THEN -30
      WHEN 10 THEN least(2 * total, 20)
      ELSE 2 * total + 8 * newest
    END AS points
  FROM totals
),
engagement AS (
  SELECT
    lead_id,
    sum(points) AS points,
    sum(points) FILTER (rule IN (2, 3)) AS email,
    max(round(points * 10)::INT * 100 + 99 - rule, 3) AS ups,
    min(round(points * 10)::INT * 100 - 99 + rule) FILTER (rule IN (1, 9)) AS down
  FROM event_points
  GROUP BY lead_id
),
fit AS (
  SELECT
    lead_id,
    CASE WHEN contains(lower(job_title), 'student') THEN 'Student' END AS disqualified_by,
    CASE WHEN lower(trim(job_title)) IN ('director', 'vp sales') THEN 15 ELSE 0 END AS maker,
    CASE WHEN employees < 10 THEN -5 WHEN employees >= 501 THEN 20 WHEN employees >= 50 THEN 15 ELSE 0 END AS size,
    CASE lower(trim(industry)) WHEN 'software' THEN 10 WHEN 'finance' THEN 8 ELSE 0 END AS industry,
    CASE WHEN lower(trim(country)) IN ('us', 'de') THEN 5 ELSE 0 END AS country
  FROM leads
),
sums AS (
  SELECT
    lead_id,
    disqualified_by,
    least(maker + size + industry + country, 50)::DOUBLE AS fit,
    least(coalesce(points, 0) - greatest(coalesce(email, 0) - 10, 0), 60) AS engagement,
    list_reverse_sort(
      list_concat(ups, [maker * 1000 + 87, size * 1000 + 86, industry * 1000 + 85, country * 1000 + 84])
    ) AS ups,
    least(down, size * 1000 - 86) AS down
  FROM fit LEFT JOIN engagement USING (lead_id)
),
scored AS (
  SELECT
    lead_id, disqualified_by, fit, engagement, ups[1] AS up1, ups[2] AS up2, ups[3] AS up3, down,
    CASE WHEN disqualified_by IS NULL THEN greatest(least(fit + engagement, 100), 0) ELSE 0 END AS score
  FROM sums
),
ranks AS (
  SELECT
    score,
    (sum(leads) OVER (ORDER BY score DESC ROWS UNBOUNDED PRECEDING) - leads + 1)::BIGINT AS rank,
    sum(leads) OVER () AS all_leads
  FROM (SELECT score, count(*) AS leads FROM scored GROUP BY score)
)
SELECT
  lead_id,
  score,
  fit,
  engagement,
  CASE WHEN fit >= 35 THEN 'A' WHEN fit >= 20 THEN 'B' WHEN fit >= 5 THEN 'C' ELSE 'D' END AS grade,
  CASE
    WHEN engagement >= 35 THEN '1' WHEN engagement >= 15 THEN '2' WHEN engagement >= 5 THEN '3' ELSE '4'
  END AS level,
  CASE
    WHEN fit >= 20 AND engagement >= 15 THEN 'hot'
    WHEN fit >= 20 THEN 'nurture'
    WHEN engagement >= 15 THEN 'engaged'
    ELSE 'cold'
  END AS priority,
  CASE
    WHEN disqualified_by IS NOT NULL THEN 'Disqualified'
    WHEN score >= 71 AND fit >= 20 THEN 'SQL'
    WHEN score >= 41 THEN 'MQL'
    WHEN score >= 11 THEN 'Lead'
    ELSE 'Prospect'
  END AS stage,
  NULL::VARCHAR AS segment,
  rank,
  (100 * (all_leads - rank + 1) / all_leads)::DOUBLE AS percentile,
  disqualified_by,
  CASE WHEN disqualified_by IS NOT NULL THEN 'Disqualified: ' || disqualified_by ELSE concat_ws('; ',
    CASE WHEN up1 >= 100 THEN
      '+' || (up1 // 1000)::VARCHAR || CASE WHEN up1 % 1000 >= 100 THEN '.' || (up1 // 100 % 10)::VARCHAR ELSE '' END
      || ' ' || names[100 - up1 % 100]
    END,
    CASE WHEN up2 >= 100 THEN
      '+' || (up2 // 1000)::VARCHAR || CASE WHEN up2 % 1000 >= 100 THEN '.' || (up2 // 100 % 10)::VARCHAR ELSE '' END
      || ' ' || names[100 - up2 % 100]
    END,
    CASE WHEN up3 >= 100 THEN
      '+' || (up3 // 1000)::VARCHAR || CASE WHEN up3 % 1000 >= 100 THEN '.' || (up3 // 100 % 10)::VARCHAR ELSE '' END
      || ' ' || names[100 - up3 % 100]
    END,
    CASE WHEN down <= -100 THEN
      format('{:g} ', -(-down // 100) / 10) || names[100 + down % 100]
    END
  ) END AS reasons,
  'Benchmark' AS model,
  'by hand' AS model_version,
  as_of
FROM scored JOIN ranks USING (score), as_of,
  (SELECT ['Pricing page', 'Careers page', 'Email opened', 'Email clicked', 'Session', 'Whitepaper', 'Webinar',
    'Demo requested', 'Chat', 'Unsubscribed', 'Feature used', 'Form',
    'Decision maker', 'Company size', 'Industry', 'Country'] AS names)
